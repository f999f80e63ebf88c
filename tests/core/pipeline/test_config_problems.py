"""Everything that is wrong with a file is said at once, in its order, with what to do."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from finops_cost_management.errors import AccessError, ConfigurationError
from finops_cost_management.pipeline.loading import load_config, parse_config
from finops_cost_management.pipeline.problems import ConfigurationProblems
from finops_cost_management.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real_component

PLUGINS = """
from typing import Literal
from pydantic import BaseModel, Field, SecretStr, field_validator
from finops_cost_management.plugins.component import (
    Detector, Forecaster, Notifier, Options, Source)
from finops_cost_management.plugins.hookspecs import hookimpl

class Deep(BaseModel):
    region: str = "eu"

class BillOptions(Options):
    path: str
    metric: Literal["billed", "amortised"] = "billed"
    threads: int | Literal["auto"] = "auto"
    token: SecretStr | None = None
    deep: Deep = Deep()

    @field_validator("path")
    @classmethod
    def _absolute(cls, path):
        if not path.startswith("/"):
            raise ValueError(f"{path} must be absolute")
        return path

class Bill(Source[BillOptions]):
    Options = BillOptions
    @hookimpl
    def collect_costs(self, window): ...

class SpikeOptions(Options):
    sensitivity: float = Field(default=3, lt=10)

class Spikes(Detector[SpikeOptions]):
    Options = SpikeOptions
    @hookimpl
    def detect_anomalies(self, panel): ...

class Misspelt(Detector[Options]):
    @hookimpl
    def detect_anomaly(self, panel): ...

class Line(Forecaster[Options]):
    @hookimpl
    def forecast_costs(self, panel): ...

class Say(Notifier[Options]):
    @hookimpl
    def notify(self, digest): ...
"""

SIXTEEN_MISTAKES = """\
name: Daily Watch
windw: {days: 90}
sources:
  prod:
    use: bill
    path: /costs
    metrc: billed
  eu:
    use: azure.no_such_thing
  x:
    use: bil
    on_error: ignore
  y:
    path: relative
  z:
    use: bill
detectors:
  a:
    use: broken
  b:
    use: twice
  c:
    use: misspelt
  d: {use: spikes, over: [servise], sensitivity: 11}
budgets:
  team: {amount: 0, forecast: lin}
forecasters:
  line: {use: line, levels: [80], horizn: 3}
notifiers:
  out: {use: say, when: {severity: awful}, colour: "${COLOUR}"}
  out: {use: say}
"""

EXPECTED = """\
p.yaml:1:7: name: a name is lower-case letters, digits, - and _, and starts with a letter or digit
p.yaml:2:1: windw is not a known section; did you mean 'window'?
p.yaml:7:5: sources.prod.metrc is not an option of bill; did you mean 'metric'?
p.yaml:9:5: sources.eu.use: no installed package offers 'azure.no_such_thing' in sources; HINT
p.yaml:11:5: sources.x.use: no installed package offers 'bil' in sources; did you mean 'bill'?
p.yaml:12:15: sources.x.on_error: input should be 'fail' or 'skip'
p.yaml:13:3: sources.y needs `use: <plugin>`; `finops plugins list` shows them
p.yaml:15:3: sources.z.path is required by bill
p.yaml:19:5: detectors.a.use: 'broken' from finops-broken failed to import: ModuleNotFoundError: \
No module named 'not_there'; upgrade, repair or uninstall finops-broken
p.yaml:21:5: detectors.b.use: 'twice' is offered by finops-one and by finops-two; \
uninstall one of them
p.yaml:23:5: detectors.c.use: 'misspelt' from finops-test implements the unknown hook \
'detect_anomaly'; did you mean 'detect_anomalies'?
p.yaml:24:27: detectors.d.over[0]: 'servise' is not a dimension; did you mean 'service'?
p.yaml:24:50: detectors.d.sensitivity: input should be less than 10
p.yaml:26:18: budgets.team.amount: input should be greater than 0
p.yaml:28:30: forecasters.line.levels[0]: 80 is more than 1000%; did you mean 80%?
p.yaml:28:35: forecasters.line.horizn is not an option of line; did you mean 'horizon'?
p.yaml:30:36: notifiers.out.when.severity: input should be 'low', 'medium', 'high' or 'critical'
p.yaml:30:52: notifiers.out.colour needs the environment variable COLOUR; set it, or give a \
default: ${COLOUR:-default}
p.yaml:31:3: notifiers.out is there twice, first in line 30; keep one of them"""


@pytest.fixture
def registry(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Registry:
    install(
        "finops-test",
        PLUGINS,
        sources="bill=Bill",
        detectors="spikes=Spikes misspelt=Misspelt",
        forecasters="line=Line",
        notifiers="say=Say",
    )
    install("finops-broken", "import not_there", detectors="broken=X")
    install("finops-one", PLUGINS, detectors="twice=Spikes")
    install("finops-two", PLUGINS, detectors="twice=Spikes")
    monkeypatch.setattr(
        "finops_cost_management.plugins.registry.missing_distribution",
        lambda _, name: "finops-azure" if name.startswith("azure.") else None,
    )
    return Registry()


def _problems(text: str, registry: Registry, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationProblems) as caught:
        parse_config(dedent(text), registry, file="p.yaml", environment=environment)
    return str(caught.value).split("\n")


def test_sixteen_mistakes_and_more_in_one_run(registry: Registry) -> None:
    lines = _problems(SIXTEEN_MISTAKES, registry)
    # The list of dimensions that follows the hint is not what this test is about.
    lines = [line.partition(" use a FOCUS column")[0] for line in lines]
    assert lines == EXPECTED.replace("HINT", "try: pip install finops-azure").split("\n")


def test_problems_are_objects_too(registry: Registry) -> None:
    with pytest.raises(ConfigurationProblems) as caught:
        parse_config("notifers: {}", registry)
    (problem,) = caught.value.problems
    assert (problem.place.line, problem.place.column, problem.path) == (1, 1, ("notifers",))
    assert isinstance(caught.value, ConfigurationError)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1:1: the file is empty; start with `sources:`"),
        ("- a", "1:1: the file must be a mapping that starts with `sources:`"),
        ("sources: [a]", "1:1: sources must be a mapping of names; write"),
        ("sources: {a: bill}", "1:11: sources.a must be a mapping; write"),
        ("sources: {A B: {use: bill, path: /x}}", "1:11: sources.A B: a name is lower-case"),
        ("sources: {a: {use: 7}}", "1:15: sources.a needs `use: <plugin>`"),
        ("window: {days: 3, months: 1}", "1:9: window: must say either days or months"),
        ("window: {days: 0}", "1:16: window.days: input should be greater than or equal to 1"),
        ("window: {day: 3}", "1:10: window.day is not an option of window; did you mean 'days'?"),
        ("store: {pth: x}", "1:9: store.pth is not an option of store; did you mean 'path'?"),
        ("budgets: {a: {}}", "1:11: budgets.a.amount is required by a budget"),
        ("budgets: {a: {amount: .inf}}", "1:23: budgets.a.amount: input should be"),
        (
            "budgets: {a: {amount: 5, forecast: lin}}\nforecasters: {line: {use: line}}",
            "1:36: budgets.a.forecast: there is no forecaster 'lin'; did you mean 'line'?",
        ),
        (
            "budgets: {a: {amount: 5, where: {service: {nott: x}}}}",
            "1:43: budgets.a.where.service: must be a value, a list of values, or {not: …}",
        ),
        (
            "sources: {a: {use: bill, path: /x, threads: many}}",
            (
                "1:45: sources.a.threads: input should be a valid integer, unable to parse string "
                "as an integer or input should be 'auto'"
            ),
        ),
        (
            (
                "sources: {a: {use: bill, path: /x, deep: {regin: y}}, b: {use: bill, path: /x, "
                "over: [service]}}"
            ),
            "1:80: sources.b.over is not an option of bill",
        ),
        ("sources: {a: {use: bill, path: x}}", "1:32: sources.a.path: x must be absolute"),
        (
            "detectors: {a: {use: bill}}",
            (
                "1:17: detectors.a.use: no installed package offers 'bill' "
                "in detectors; it is one of the sources"
            ),
        ),
    ],
)
def test_single_mistakes(registry: Registry, text: str, line: str) -> None:
    assert _problems(text, registry)[0].startswith(f"p.yaml:{line}")


def test_secret_from_a_file_is_not_repeated_in_a_message(
    registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hunter2")
    text = f"sources: {{a: {{use: bill, path: '${{file:{tmp_path}/secret}}'}}}}"
    assert _problems(text, registry) == ["p.yaml:1:32: sources.a.path: *** must be absolute"]


def test_one_cause_gives_one_problem(registry: Registry) -> None:
    lines = _problems("sources: {a: {use: bill, path: '${NOPE}'}}", registry)
    assert len(lines) == 1


def test_disabled_step_is_checked_all_the_same(registry: Registry) -> None:
    text = "sources: {a: {use: bill, enabled: false}}"
    assert _problems(text, registry) == ["p.yaml:1:11: sources.a.path is required by bill"]


def test_only_named_plugins_are_imported(registry: Registry) -> None:
    parse_config("detectors: {a: {use: spikes}}", registry)  # `broken` lies beside it


def test_absent_and_unreadable_files(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file"):
        load_config(tmp_path / "none.yaml", registry)
    with pytest.raises(AccessError, match="cannot read"):
        load_config(tmp_path, registry)
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_config(tmp_path / "latin.yaml", registry)
