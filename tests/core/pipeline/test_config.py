"""A right file becomes the pipeline that it describes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.budgets import BudgetPeriod
from finops_cost_management.errors import ConfigurationError
from finops_cost_management.pipeline.config import PipelineConfig
from finops_cost_management.pipeline.loading import find_config, load_config, parse_config
from finops_cost_management.pipeline.masking import masked_yaml
from finops_cost_management.pipeline.yaml_document import YamlDocument
from finops_cost_management.plugins.registry import Registry
from finops_cost_management.query.cost_query import CostMetric

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real_component

PLUGINS = """
from pydantic import SecretStr
from finops_cost_management.plugins.component import *
from finops_cost_management.plugins.hookspecs import hookimpl

class BillOptions(Options):
    path: str
    threads: int = 1
    account: str = ""
    token: SecretStr | None = None

class Bill(Source[BillOptions]):
    Options = BillOptions
    @hookimpl
    def collect_costs(self, window): ...

class Spikes(Detector[Options]):
    @hookimpl
    def detect_anomalies(self, panel): ...

class Line(Forecaster[Options]):
    @hookimpl
    def forecast_costs(self, panel): ...

class Idle(Optimizer[Options]):
    @hookimpl
    def find_savings(self, costs): ...

class Files(Exporter[Options]):
    @hookimpl
    def export(self, costs): ...

class Say(Notifier[Options]):
    @hookimpl
    def notify(self, digest): ...
"""

FULL = """
name: daily-watch
window: {months: 3, lag: 2}
sources:
  prod:
    use: bill
    path: ${BILLS:-/costs}/prod
    threads: ${THREADS}
    account: ${ACCOUNT}
    token: ${file:SECRET}
    on_error: skip
  literal: {use: bill, path: /x, token: in-the-open, enabled: false}
store:
  path: s3://costs
  storage_options: {aws_secret_access_key: "${KEY}"}
detectors:
  spikes:
    use: spikes
    over: [provider, tags.team]
    where: {account: 007, region: [eu, null], service: {not: Tax}}
    cost: billed
forecasters:
  month: {use: line, horizon: {months: 3}, levels: [80%, 0.95]}
  days: {use: line, horizon: 14}
optimizers:
  idle: {use: idle, where: {provider: AWS}}
budgets:
  platform:
    amount: 12000.10
    period: quarterly
    where: {tags.team: platform}
    alert_at: [50%, 1.2]
    currency: EUR
    forecast: month
exports:
  files: {use: files}
notifiers:
  out: {use: say, when: {severity: high}}
"""


@pytest.fixture
def registry(install: Callable[..., Path]) -> Registry:
    install(
        "finops-test",
        PLUGINS,
        sources="bill=Bill",
        detectors="spikes=Spikes",
        forecasters="line=Line",
        optimizers="idle=Idle",
        exporters="files=Files",
        notifiers="say=Say",
    )
    return Registry()


@pytest.fixture
def config(registry: Registry, tmp_path: Path) -> PipelineConfig:
    (tmp_path / "secret").write_text("hunter2\n")
    (tmp_path / "finops.yaml").write_text(FULL.replace("SECRET", str(tmp_path / "secret")))
    environment = {"THREADS": "4", "ACCOUNT": "0123", "KEY": "AKIA"}
    return load_config(tmp_path / "finops.yaml", registry, environment=environment)


def test_values_are_what_they_were_written_for(config: PipelineConfig) -> None:
    prod = config.sources["prod"]
    assert prod.step.on_error == "skip"
    assert prod.options.model_dump(exclude={"token"}) == {
        "path": "/costs/prod",
        "threads": 4,
        "account": "0123",
    }
    spikes = config.detectors["spikes"].step
    assert spikes.over == ("provider", "tags.team")
    assert spikes.where == {
        "account": "007",
        "region": ("eu", None),
        "service": {"not": "Tax"},
    }
    assert spikes.cost is CostMetric.BILLED
    month = config.forecasters["month"].step
    assert month.levels == (0.8, 0.95)
    assert month.horizon.after(date(2026, 11, 30)) == date(2027, 2, 28)
    assert config.forecasters["days"].step.horizon.days == 14
    budget = config.budgets["platform"]
    assert budget.amount == Decimal("12000.10")
    assert budget.period is BudgetPeriod.QUARTERLY
    assert budget.alert_at == (0.5, 1.2)
    assert config.notifiers["out"].step.when.severity is AnomalySeverity.HIGH
    window = config.window.ending(date(2026, 5, 31))
    assert (window.start, window.end) == (date(2026, 2, 28), date(2026, 5, 29))
    assert [entry.section for entry in config.entries] == [
        "sources",
        "sources",
        "detectors",
        "forecasters",
        "forecasters",
        "optimizers",
        "exports",
        "notifiers",
    ]


def test_entries_build_components_of_their_own(config: PipelineConfig) -> None:
    entry = config.sources["prod"]
    first, second = entry.build(), entry.build()
    assert first is not second
    assert first.name == "prod"
    assert first.options.path == "/costs/prod"


def test_defaults() -> None:
    config = PipelineConfig()
    assert config.window.days == 90
    assert config.window.lag == 0
    assert config.store.path is None  # the home folder decides
    assert list(config.entries) == []


def test_defaults_of_steps(registry: Registry) -> None:
    config = parse_config(
        "detectors: {a: {use: spikes}}\nforecasters: {b: {use: line}}\n"
        "budgets: {c: {amount: 5}}\nnotifiers: {d: {use: say}}\nsources:\nwindow: {lag: 1}",
        registry,
    )
    assert config.window.days == 90
    assert config.detectors["a"].step.over == ("service",)
    assert config.detectors["a"].step.cost is CostMetric.EFFECTIVE
    assert config.forecasters["b"].step.horizon.days == 30
    assert config.forecasters["b"].step.levels == (0.8, 0.95)
    assert config.budgets["c"].period is BudgetPeriod.MONTHLY
    assert config.budgets["c"].cost is CostMetric.BILLED
    assert config.budgets["c"].alert_at == (0.8, 1.0)
    assert config.notifiers["d"].step.when.severity is AnomalySeverity.LOW


def test_secret_in_the_open_is_a_warning(config: PipelineConfig) -> None:
    (warning,) = config.warnings
    assert warning.path == ("sources", "literal", "token")
    assert warning.place.line == 12
    assert warning.message.startswith("sources.literal.token is a secret that anyone")


def test_masked_yaml_shows_everything_but_secrets(config: PipelineConfig) -> None:
    shown = masked_yaml(config)
    for secret in ("hunter2", "in-the-open", "AKIA"):
        assert secret not in shown
        assert secret not in repr(config)
    data = YamlDocument(shown, {}).data
    assert list(data)[:4] == ["name", "window", "sources", "store"]
    assert data["sources"]["prod"] == {
        "use": "bill",
        "path": "/costs/prod",
        "threads": 4,
        "account": "0123",
        "token": "***",
        "enabled": True,
        "on_error": "skip",
    }
    assert data["store"]["storage_options"] == {"aws_secret_access_key": "***"}
    assert data["budgets"]["platform"]["amount"] == "12000.10"


def test_secret_inside_of_an_address_is_masked(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    text = f"sources: {{a: {{use: bill, path: 'x://u:${{file:{tmp_path}/secret}}@h'}}}}"
    assert "hunter2" not in masked_yaml(parse_config(text, registry))


def test_file_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FINOPS_CONFIG", raising=False)
    assert find_config(None) is None

    (tmp_path / "finops.yaml").touch()
    found = find_config(None)
    assert found is not None
    assert found.name == "finops.yaml"

    (tmp_path / "other.yaml").touch()
    monkeypatch.setenv("FINOPS_CONFIG", "other.yaml")
    found = find_config(None)
    assert found is not None
    assert found.name == "other.yaml"
    assert find_config(tmp_path / "finops.yaml") == tmp_path / "finops.yaml"

    monkeypatch.setenv("FINOPS_CONFIG", "gone.yaml")
    with pytest.raises(ConfigurationError, match=r"no file gone\.yaml, which FINOPS_CONFIG names"):
        find_config(None)
    with pytest.raises(ConfigurationError, match="which the command names"):
        find_config(tmp_path / "none.yaml")
