"""What a plugin subclasses: one class per kind, and the model of its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from finops_cost_management.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from finops_cost_management.plugins.savings_case import SavingsCase

RESERVED_KEYS = frozenset(
    {
        "use",
        "over",
        "where",
        "when",
        "on_error",
        "enabled",
        "fallback",
        "cost",
        "horizon",
        "levels",
        "planned",
        "other_charges",
        "drivers",
    }
)
"""Keys of a step that belong to the runner; no option may take their name."""


class Options(BaseModel):
    """The options of one component.

    The docstring under a field is its documentation everywhere: in the JSON Schema, in the
    editor, on the reference page. The contract tests refuse a field without one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse option names that the runner owns."""
        super().__pydantic_init_subclass__(**kwargs)
        if taken := RESERVED_KEYS & cls.model_fields.keys():
            raise PluginError(
                f"{cls.__module__}.{cls.__qualname__}: option name(s) {', '.join(sorted(taken))} "
                "belong to the runner",
                hint="choose another name",
            )


OptionsT = TypeVar("OptionsT", bound=Options)


class Component(Generic[OptionsT]):
    """One named part of a pipeline.

    Attributes:
        Options: The model of the options; set by each class.
        needs: Importable module → what to install for it, checked before a run starts.
        options: The validated options of this instance.
        name: The name that the pipeline gives it.
        requests: How many requests it has sent to a provider in this run; None where it sends
            none. A component that talks to an API counts up, for the record of the run.
        spent: What its requests cost, in words, where an API is paid by request; the record of the
            run has it.
    """

    kind: ClassVar[str]
    hook: ClassVar[str]
    Options: ClassVar[type[Options]] = Options
    needs: ClassVar[Mapping[str, str]] = {}
    requests: int | None = None
    spent: str | None = None

    def __init__(self, options: OptionsT | None = None, *, name: str | None = None) -> None:
        # A class without options of its own takes none: Options() refuses every key.
        self.options: OptionsT = options if options is not None else self.Options()  # type: ignore[assignment] # the class attribute and the type parameter are set together
        self.name = name or type(self).__name__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class Source(Component[OptionsT]):
    """Brings billing rows in FOCUS."""

    kind = "sources"
    hook = "collect_costs"


class Detector(Component[OptionsT]):
    """Finds days whose cost looks wrong."""

    kind = "detectors"
    hook = "detect_anomalies"


class Forecaster(Component[OptionsT]):
    """Says what series are going to cost."""

    kind = "forecasters"
    hook = "forecast_costs"


class Optimizer(Component[OptionsT]):
    """Finds changes that would cost less."""

    kind = "optimizers"
    hook = "find_savings"

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Bills on which the check must find something, must not, and cannot tell.

        The contract test asks for one of each: a check that never fires, or always does, is
        worse than none.
        """
        return ()


class Exporter(Component[OptionsT]):
    """Writes files from the store or from the answers."""

    kind = "exporters"
    hook = "export"


class Notifier(Component[OptionsT]):
    """Tells people."""

    kind = "notifiers"
    hook = "notify"


KINDS: Mapping[str, type[Component[Any]]] = {
    cls.kind: cls for cls in (Source, Detector, Forecaster, Optimizer, Exporter, Notifier)
}
"""Entry-point group (without ``finops.``) → the class that its plugins subclass."""
