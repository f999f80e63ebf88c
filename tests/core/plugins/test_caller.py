"""pluggy makes the call: one component answers, observers wrap and hear, none disturbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from finops_cost_management.errors import ConfigurationError, PluginError
from finops_cost_management.plugins.caller import ComponentCaller
from finops_cost_management.plugins.component import Detector, Options
from finops_cost_management.plugins.hookspecs import hookimpl
from finops_cost_management.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.real_component


class Echo(Detector[Options]):
    @hookimpl
    def detect_anomalies(self, panel: Any) -> list[Any]:
        return [(self.name, panel)]


class Lazy(Detector[Options]):
    @hookimpl
    def detect_anomalies(self, panel: Any, window: Any) -> Iterator[Any]:
        yield from (panel, window)


def _caller(*components: Detector[Options]) -> ComponentCaller:
    caller = ComponentCaller()
    for component in components:
        caller.add(component)
    return caller


def test_only_the_named_component_answers_with_what_it_asked_for() -> None:
    one, two, lazy = Echo(name="one"), Echo(name="two"), Lazy(name="lazy")
    caller = _caller(one, two, lazy)

    assert caller.call(two, panel="P", window="W") == [("two", "P")]
    assert caller.call(one, panel="P", window="W") == [("one", "P")]
    assert list(caller.call(lazy, panel="P", window="W")) == ["P", "W"]


def test_error_of_a_component_is_its_own() -> None:
    class Failing(Detector[Options]):
        @hookimpl
        def detect_anomalies(self) -> None:
            raise ValueError("no")

    failing, good = Failing(name="failing"), Echo(name="good")
    caller = _caller(failing, good)

    with pytest.raises(ValueError, match="no"):
        caller.call(failing, panel=1, window=2)
    assert caller.call(good, panel=1, window=2) == [("good", 1)]


def test_wrappers_of_observers_wrap_every_component() -> None:
    class Redact:
        @hookimpl(wrapper=True)
        def detect_anomalies(self) -> Generator[None, Any, Any]:
            answer = yield
            return [*answer, "redacted"]

    echo = Echo(name="one")
    caller = _caller(echo)
    caller.observe("redact", Redact())

    assert caller.call(echo, panel="P", window="W") == [("one", "P"), "redacted"]


def test_observer_that_would_answer_is_refused() -> None:
    with pytest.raises(PluginError, match=r"an observer wraps: @hookimpl\(wrapper=True\)"):
        ComponentCaller().observe("rival", Echo(name="rival"))


def test_wrong_signature_is_refused_when_added() -> None:
    class Wrong(Detector[Options]):
        @hookimpl
        def detect_anomalies(self, pannel: Any) -> None: ...

    with pytest.raises(PluginError, match=r"'detectors\.w' asks detect_anomalies for 'pannel'"):
        _caller(Wrong(name="w"))


def test_two_components_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"there are two detectors\.one"):
        _caller(Echo(name="one"), Echo(name="one"))


def test_two_runs_do_not_see_each_other() -> None:
    echo = Echo(name="one")
    first, second = _caller(echo), _caller(echo)

    class Loud:
        @hookimpl(wrapper=True)
        def detect_anomalies(self) -> Generator[None, Any, Any]:
            yield
            return "loud"

    first.observe("loud", Loud())
    assert first.call(echo, panel=1, window=2) == "loud"
    assert second.call(echo, panel=1, window=2) == [("one", 1)]


class Heard:
    def __init__(self, *, fails: bool = False) -> None:
        self.events: list[Any] = []
        self.fails = fails

    @hookimpl
    def run_started(self, run: Any) -> None:
        self.events.append(run)
        if self.fails:
            raise RuntimeError("observer is broken")


@pytest.mark.parametrize("order", [0, 1, 2])
def test_no_observer_silences_another(order: int, caplog: pytest.LogCaptureFixture) -> None:
    observers = [Heard(), Heard()]
    observers.insert(order, Heard(fails=True))
    caller = ComponentCaller()
    for number, observer in enumerate(observers):
        caller.observe(f"observer-{number}", observer)

    caller.tell("run_started", run="R")
    caller.tell("run_started", run="S")

    assert [observer.events for observer in observers] == [["R", "S"]] * 3
    assert caller.observer_errors == {f"observer-{order}": 2}
    assert f"observer observer-{order} failed: RuntimeError: observer is broken" in caplog.text


def test_components_are_not_told() -> None:
    class Curious(Detector[Options]):
        heard = False

        @hookimpl
        def detect_anomalies(self) -> None: ...

        @hookimpl
        def run_started(self) -> None:
            type(self).heard = True

    caller = _caller(Curious(name="curious"))
    caller.observe("someone", Heard())
    caller.tell("run_started", run="R")
    assert not Curious.heard


def test_installed_observers_hear_and_broken_ones_are_counted(
    install: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    hook = "from finops_cost_management.plugins.hookspecs import hookimpl\nheard = []\n"
    install(
        "finops-module",
        hook + "@hookimpl\ndef run_started(run): heard.append(run)",
        observers="module=.",
    )
    install(
        "finops-class",
        hook + "class Watch:\n @hookimpl\n def run_started(self, run): heard.append(run)",
        observers="watch=Watch",
    )
    install("finops-broken", "import nothing_like_it", observers="broken=X")
    install("finops-typo", hook + "class T:\n @hookimpl\n def run_startd(self): 0", observers="t=T")
    caller = ComponentCaller()

    caller.observe_installed(Registry())
    caller.tell("run_started", run="R")

    import finops_class  # type: ignore[import-not-found] # written by this test
    import finops_module  # type: ignore[import-not-found] # and this one

    assert finops_class.heard == finops_module.heard == ["R"]
    assert caller.observer_errors["broken"] == 1
    assert caller.observer_errors["t"] == 1
    assert "did you mean 'run_started'?" in caplog.text
