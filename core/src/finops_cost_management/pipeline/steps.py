"""The keys that every entry of a pipeline file shares, beside the options of its plugin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date  # noqa: TC003 # pydantic reads it when the models are built
from decimal import Decimal  # noqa: TC003 # pydantic reads it when the models are built
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.budgets import BudgetPeriod
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.pipeline.values import (
    Change,
    DimensionName,
    Level,
    Share,
    Span,
    Where,
)
from finops_cost_management.query.charge_kinds import OtherCharges
from finops_cost_management.query.cost_query import CostMetric
from finops_cost_management.store.object_store import is_secret
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from finops_cost_management.settings import Settings
    from finops_cost_management.store.cost_store import CostStore

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
"""Names of entries become parts of paths and of metrics."""


class Keys(BaseModel):
    """Base of everything that core itself reads in a pipeline file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class StepKeys(Keys):
    """What every step may say."""

    use: str
    """The plugin: a name that `finops plugins list` shows, or `module:Class`."""

    enabled: bool = True
    """Whether the step takes part in runs; it is checked either way."""

    on_error: Literal["fail", "skip"] = "fail"
    """Whether the run fails with this step, or accepts that it failed."""


class SourceKeys(StepKeys):
    """What a source may say."""


class OptimizerKeys(StepKeys):
    """What an optimizer may say."""

    where: Where = Field(default_factory=dict)
    """Only charges that meet every condition."""


class SeriesKeys(StepKeys):
    """What a step that works on daily series may say."""

    over: tuple[DimensionName, ...] = ("service",)
    """One series for each combination of these dimensions."""

    where: Where = Field(default_factory=dict)
    """Only charges that meet every condition."""

    cost: CostMetric = CostMetric.EFFECTIVE
    """Which of the four FOCUS costs."""


class DetectorKeys(SeriesKeys):
    """What a detector may say."""

    other_charges: OtherCharges = OtherCharges.APART
    """What becomes of taxes, credits, adjustments, corrections and commitment purchases: they are
    judged as series `apart`, not at all (`leave_out`), or `together` with usage."""

    drivers: tuple[DimensionName, ...] = ("account", "service", "region", "resource", "sku")
    """The dimensions that are asked what explains an anomaly."""


def _days(value: Any) -> Any:
    """``30`` means thirty days."""
    return value if isinstance(value, (Mapping, Span)) else {"days": value}


def _any_level(levels: tuple[float, ...]) -> tuple[float, ...]:
    # Not `min_length`: pydantic would say it of a list whose only item is wrong.
    if not levels:
        raise ValueError("must name at least one level, such as 80%")
    return levels


class PlannedChange(Keys):
    """Something that is known to change what comes, and that no history tells."""

    model_config = ConfigDict(populate_by_name=True)

    start: date = Field(alias="from")
    """The first day of the change."""

    until: date | None = None
    """The first day on which it is over; absent, it stays."""

    change: Change | None = None
    """By how much: a share (`20%`, `-35%`) of the costs that `where` chooses, or an amount a day
    (`120`), spread over their series."""

    commitment_ends: str | None = None
    """Instead of a change: the `CommitmentDiscountId` that ends. What it covered costs its
    contracted price from then on, and its unused part nothing."""

    where: Where = Field(default_factory=dict)
    """Only charges that meet every condition change."""

    note: str = ""
    """What it is, for messages."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.change is None) == (self.commitment_ends is None):
            raise ValueError("must say either change or commitment_ends")
        if self.commitment_ends is not None and self.where:
            raise ValueError("commitment_ends is about all that the commitment covers: no where")
        if self.until is not None and self.until <= self.start:
            raise ValueError("until must be later than from: it is the first day after the change")
        return self

    def __str__(self) -> str:
        """The change in words."""
        what = self.note or (
            f"the end of {self.commitment_ends}" if self.commitment_ends else str(self.change)
        )
        return f"{what} from {self.start}"


class ForecasterKeys(SeriesKeys):
    """What a forecaster may say."""

    horizon: Annotated[Span, BeforeValidator(_days, json_schema_input_type=int | Span)] = Span(
        days=30
    )
    """How far to look ahead: a number of days, `{days: 30}` or `{months: 3}`."""

    levels: Annotated[tuple[Level, ...], AfterValidator(_any_level)] = Field(
        default=(0.8, 0.95), json_schema_extra={"minItems": 1}
    )
    """The bands: each holds the truth with this probability."""

    planned: tuple[PlannedChange, ...] = ()
    """What is known to change: the forecast of any model is moved by it."""


class ExportKeys(StepKeys):
    """What an export may say."""


class When(Keys):
    """Which findings are worth a message."""

    severity: AnomalySeverity = AnomalySeverity.LOW
    """Only anomalies at least this severe."""


class NotifierKeys(StepKeys):
    """What a notifier may say."""

    when: When = When()
    """Which findings are told."""


class WindowKeys(Span):
    """The days that a run is about, up to and without today."""

    lag: int = Field(default=0, ge=0, le=365)
    """How many of the newest days are left out, because clouds still correct them."""

    @model_validator(mode="before")
    @classmethod
    def _ninety_days(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not {"days", "months"} & data.keys():
            return {**data, "days": 90}
        return data

    def ending(self, today: date) -> DateWindow:
        """The window of a run on a day: that day itself is not over and stays outside."""
        end = days_after(today, -self.lag)
        return DateWindow(self.before(end), end)


def _storage_options(data: Any) -> Any:
    """Options are text for every store (``allow_http: true``); keys and tokens are secrets."""
    if not isinstance(data, Mapping):
        return data
    texts = {
        name: str(value).lower() if isinstance(value, int) else value
        for name, value in data.items()
    }
    return {
        name: SecretStr(value) if isinstance(value, str) and is_secret(str(name), value) else value
        for name, value in texts.items()
    }


class StoreKeys(Keys):
    """Where costs are kept."""

    path: str | None = None
    """A folder, or `s3://…`, `abfss://…`, `az://…`, `gs://…`; absent, `<FINOPS_HOME>/costs`."""

    storage_options: Annotated[dict[str, str | SecretStr], BeforeValidator(_storage_options)] = (
        Field(default_factory=dict)
    )
    """Access to the object store, as `deltalake` names it; the environment's where absent."""

    def open(self, settings: Settings) -> CostStore:
        """The store that these keys name.

        Raises:
            ConfigurationError: The place or an option is not understood, or the packages for
                object stores are not installed.
        """
        from finops_cost_management.store.cost_store import CostStore

        options = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self.storage_options.items()
        }
        return CostStore(self.path or settings.home / "costs", options)


class SavingsKeys(Keys):
    """What becomes of everything that the optimizers find."""

    priority: PriorityFormula = PriorityFormula()
    """How soon a recommendation deserves somebody's time."""


class BudgetKeys(Keys):
    """What may be spent in a period."""

    amount: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
    """What may be spent in each period."""

    period: BudgetPeriod = BudgetPeriod.MONTHLY
    """The calendar period, in UTC."""

    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """The ISO 4217 code of the amount; needed where costs have several currencies."""

    where: Where = Field(default_factory=dict)
    """Only charges that meet every condition."""

    cost: CostMetric = CostMetric.BILLED
    """Which of the four FOCUS costs is held against the amount."""

    alert_at: tuple[Share, ...] = (0.8, 1.0)
    """Shares of the amount at which people are told."""

    forecast: str | None = None
    """The forecaster, by its name in this file, that says what the period will cost."""

    tolerated_lag: int = Field(default=2, ge=0, le=31)
    """How many of the newest days may still be missing before the status is unknown."""


STEP_KEYS: Mapping[str, type[StepKeys]] = {
    "sources": SourceKeys,
    "detectors": DetectorKeys,
    "forecasters": ForecasterKeys,
    "optimizers": OptimizerKeys,
    "exports": ExportKeys,
    "notifiers": NotifierKeys,
}
"""Section → what its entries may say beside the options of their plugin."""

SECTIONS = (
    "name",
    "window",
    "sources",
    "store",
    "detectors",
    "forecasters",
    "optimizers",
    "savings",
    "budgets",
    "policies",
    "exports",
    "notifiers",
)
"""The keys of a pipeline file, in the order in which money flows."""


def kind_of(section: str) -> str:
    """The kind of plugin that a section uses; ``exports`` is the work of exporters."""
    return "exporters" if section == "exports" else section
