"""Packages that are broken on purpose: each is named, none takes another down."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest
from stevedore import DriverManager, ExtensionManager

from finops_cost_management.errors import PluginError
from finops_cost_management.plugins.component import KINDS, Detector
from finops_cost_management.plugins.registry import OBSERVERS, PluginInfo, Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real_component

IMPORTS = """
from finops_cost_management.plugins.component import Detector, Options, Source
from finops_cost_management.plugins.hookspecs import hookimpl
"""
GOOD = (
    IMPORTS
    + """
class Quiet(Detector[Options]):
    "Never finds anything."

    @hookimpl
    def detect_anomalies(self, panel):
        return []
"""
)

BROKEN = {
    "import error": (
        "import not_there_at_all",
        (
            "'bad' from finops-bad failed to import: ModuleNotFoundError: No module named "
            "'not_there_at_all'; upgrade, repair or uninstall finops-bad"
        ),
    ),
    "exit on import": (
        "raise SystemExit('go away')",
        (
            "'bad' from finops-bad failed to import: SystemExit: go away; "
            "upgrade, repair or uninstall finops-bad"
        ),
    ),
    "assertion on import": (
        "assert False, 'not on this machine'",
        (
            "'bad' from finops-bad failed to import: AssertionError: not on this machine; "
            "upgrade, repair or uninstall finops-bad"
        ),
    ),
    "class is missing": (
        "",
        (
            "'bad' from finops-bad failed to import: AttributeError: module 'finops_bad' has no "
            "attribute 'Bad'; upgrade, repair or uninstall finops-bad"
        ),
    ),
    "made for another core": (
        "from finops_cost_management.plugins.component import Skewed as Bad",
        (
            "'bad' from finops-bad failed to import: ImportError: cannot import name 'Skewed' from "
            "'finops_cost_management.plugins.component'"
        ),
    ),
    "wrong type": (
        IMPORTS + "class Bad(Source[Options]): pass",
        (
            "'bad' from finops-bad is not a Detector; "
            "subclass finops_cost_management.plugins.component.Detector"
        ),
    ),
    "a function": (
        "def Bad(): pass",
        (
            "'bad' from finops-bad is not a Detector; "
            "subclass finops_cost_management.plugins.component.Detector"
        ),
    ),
    "wrong argument": (
        IMPORTS
        + "class Bad(Detector[Options]):\n @hookimpl\n def detect_anomalies(self, pannel):0",
        "'bad' from finops-bad asks detect_anomalies for 'pannel'; did you mean 'panel'?",
    ),
    "argument with a default": (
        IMPORTS
        + "class Bad(Detector[Options]):\n @hookimpl\n def detect_anomalies(self, panel=None):0",
        (
            "'bad' from finops-bad would never be given 'panel' of "
            "detect_anomalies(panel, window); "
            "take it as a plain argument without a default"
        ),
    ),
    "misspelt hook": (
        IMPORTS + "class Bad(Detector[Options]):\n @hookimpl\n def detect_anomalys(self, panel):0",
        (
            "'bad' from finops-bad implements the unknown hook 'detect_anomalys'; "
            "did you mean 'detect_anomalies'?"
        ),
    ),
    "no hook": (
        IMPORTS + "class Bad(Detector[Options]):\n def detect_anomalies(self, panel):0",
        (
            "'bad' from finops-bad does not answer its hook; "
            "write `@hookimpl def detect_anomalies(self, panel, window)`"
        ),
    ),
    "missing optional dependency": (
        GOOD.replace("Quiet", "Bad") + "    needs = {'not_there.sub': 'finops-bad[models]'}",
        "'bad' from finops-bad needs not_there.sub; try: pip install 'finops-bad[models]'",
    ),
    "reserved option": (
        IMPORTS + "class O(Options):\n where: str\nclass Bad(Detector[O]): Options = O",
        (
            "'bad' from finops-bad failed to import: PluginError: finops_bad.O: "
            "option name(s) where belong to the runner; choose another name"
        ),
    ),
    "options that are no model": (
        GOOD.replace("Quiet", "Bad") + "    Options = dict",
        (
            "'bad' from finops-bad has options that are not an Options model; "
            "subclass finops_cost_management.plugins.component.Options"
        ),
    ),
    "compares by value": (
        GOOD.replace("Quiet", "Bad") + "    def __eq__(self, other): return True",
        (
            "'bad' from finops-bad compares by value; "
            "leave __eq__ and __hash__ alone: a component is one thing, not a value"
        ),
    ),
}


@pytest.mark.parametrize(("code", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_plugin_is_named_and_good_ones_work(
    install: Callable[..., Path], code: str, message: str
) -> None:
    install("finops-bad", code, detectors="bad=Bad")
    install("finops-good", GOOD, detectors="quiet=Quiet")
    registry = Registry()

    with pytest.raises(PluginError) as caught:
        registry.find("detectors", "bad")

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert registry.find("detectors", "quiet").__name__ == "Quiet"
    info = next(one for one in registry.available("detectors") if one.name == "bad")
    assert registry.check(info) == [str(caught.value)]


def test_duplicate_name_names_both_packages_and_imports_neither(
    install: Callable[..., Path],
) -> None:
    # Another name between both: stevedore itself sees duplicates only when they are neighbours.
    install("finops-one", GOOD, detectors="same=Quiet other=Quiet")
    install("finops-two", GOOD, detectors="another=Quiet same=Quiet")
    registry = Registry()
    message = "'same' is offered by finops-one and by finops-two; uninstall one of them"

    with pytest.raises(PluginError) as caught:
        registry.find("detectors", "same")

    assert str(caught.value) == message
    assert not {"finops_one", "finops_two"} & sys.modules.keys()
    same = [info for info in registry.available("detectors") if info.name == "same"]
    assert [info.problem for info in same] == [message, message]
    assert registry.find("detectors", "other").__module__ == "finops_one"


def test_entry_point_cache_of_stevedore_is_honoured() -> None:
    # Undocumented and relied on: without it stevedore reads its stale cache on disk.
    ExtensionManager.ENTRY_POINT_CACHE["finops.pin"] = [EntryPoint("x", "json:loads", "finops.pin")]
    assert DriverManager("finops.pin", "x").driver.__name__ == "loads"


def test_available_imports_nothing(install: Callable[..., Path]) -> None:
    install("finops-good", "raise SystemExit", detectors="quiet=Quiet", version="2.3")

    info = next(one for one in Registry().available("detectors") if one.name == "quiet")

    assert info == PluginInfo(
        name="quiet",
        kind="detectors",
        distribution="finops-good",
        version="2.3",
        value="finops_good:Quiet",
    )
    assert "finops_good" not in sys.modules


def test_reinstalled_plugin_is_seen_at_once(install: Callable[..., Path]) -> None:
    site = install("finops-good", GOOD, detectors="first=Quiet")
    assert "first" in Registry().names("detectors")
    entry_points = site / "finops_good-1.0.dist-info" / "entry_points.txt"
    entry_points.write_text("[finops.detectors]\nsecond = finops_good:Quiet\n")

    assert {"first", "second"} & set(Registry().names("detectors")) == {"second"}


@pytest.mark.parametrize(
    ("kind", "name", "hint"),
    [
        ("sources", "kubecost.allocations", "try: pip install finops-kubecost"),
        ("notifiers", "slack", "try: pip install finops-notifiers"),
        ("detectors", "quite", "did you mean 'quiet'?"),
        ("forecasters", "quiet", "it is one of the detectors"),
        ("sources", "zzz", "`finops plugins list` shows what is installed"),
    ],
)
def test_absent_plugin_gets_the_best_hint(
    install: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    name: str,
    hint: str,
) -> None:
    monkeypatch.setattr(
        "finops_cost_management.plugins.registry.missing_distribution",
        lambda _, name: {
            "kubecost.allocations": "finops-kubecost",
            "slack": "finops-notifiers",
        }.get(name),
    )
    install("finops-good", GOOD, detectors="quiet=Quiet")

    with pytest.raises(PluginError) as caught:
        Registry().find(kind, name)

    assert str(caught.value) == f"no installed package offers {name!r} in {kind}; {hint}"


def test_module_and_class_skip_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notebook_detector.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    cls = Registry().find("detectors", "notebook_detector:Quiet")

    assert issubclass(cls, Detector)
    del sys.modules["notebook_detector"]


def test_absent_module_says_where_to_look() -> None:
    with pytest.raises(PluginError, match="is the module in the working folder or installed"):
        Registry().find("detectors", "no_such_module:Thing")


def test_check_finds_what_works_and_is_still_wrong(install: Callable[..., Path]) -> None:
    code = GOOD + "\n@property\ndef nothing(self): ...\nimport yaml\n"
    code += "class O(Options):\n secret: int = 1\nQuiet.Options = O\n"
    install("finops-heavy", code, detectors="quiet=Quiet")
    registry = Registry()
    info = next(one for one in registry.available("detectors") if one.name == "quiet")

    assert registry.check(info) == [
        "'quiet' from finops-heavy: option 'secret' is not documented; write a docstring under it",
        (
            "'quiet' from finops-heavy: importing it also imports PyYAML; "
            "move these imports into the methods that use them"
        ),
    ]


def test_broken_observer_is_named(install: Callable[..., Path]) -> None:
    code = IMPORTS + "class Rival:\n @hookimpl\n def detect_anomalies(self, panel): return []"
    install("finops-watch", code, observers="rival=Rival")
    registry = Registry()
    info = next(one for one in registry.available(OBSERVERS) if one.name == "rival")

    assert registry.check(info) == [
        (
            "'rival' from finops-watch answers detect_anomalies; "
            "an observer wraps: @hookimpl(wrapper=True)"
        )
    ]


def test_known_plugins_of_the_repository_are_hinted_at() -> None:
    # Whoever adds a plugin to the repository adds the hint that names its package.
    import tomllib
    from pathlib import Path

    from finops_cost_management.plugins import known

    root = Path(__file__).resolve().parents[3]
    unknown = []
    for manifest in root.glob("plugins/*/pyproject.toml"):
        project = tomllib.loads(manifest.read_text(encoding="utf-8"))["project"]
        for group, offers in project.get("entry-points", {}).items():
            kind = group.removeprefix("finops.")
            unknown += [
                f"{kind}.{name}"
                for name in offers
                if kind in KINDS and known.distribution_of(kind, name) != project["name"]
            ]
    assert unknown == []
