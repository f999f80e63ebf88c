"""What a policy of a pipeline file may say: one model per rule."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence  # noqa: TC003 # pydantic reads it when the models are built
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.answers.outcome import StepState
from finops_cost_management.answers.recommendations import Unknown
from finops_cost_management.pipeline.steps import Keys
from finops_cost_management.pipeline.values import DimensionName, Portion, Where  # noqa: TC001 # pydantic reads them when the models are built

if TYPE_CHECKING:
    from finops_cost_management.answers.outcome import Outcome
    from finops_cost_management.answers.policies import Verdict
    from finops_cost_management.policies.judged_bill import JudgedBill
    from finops_cost_management.query.snapshot import CostSnapshot

ItemT = TypeVar("ItemT")


def _any_item(items: tuple[ItemT, ...]) -> tuple[ItemT, ...]:
    # Not `min_length`: pydantic would say it of a list whose only item is wrong.
    if not items:
        raise ValueError("must name at least one")
    return items


_OneOrMore = Annotated[
    tuple[ItemT, ...], AfterValidator(_any_item), Field(json_schema_extra={"minItems": 1})
]
_Text = Annotated[str, StringConstraints(min_length=1)]
_Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class PolicyRule(Keys):
    """What every policy may say.

    Attributes:
        needs: Sections of the file whose answers the rule judges.
    """

    needs: ClassVar[frozenset[str]] = frozenset()

    rule: str
    """What is checked."""

    severity: AnomalySeverity = AnomalySeverity.MEDIUM
    """How much it matters when the policy does not hold."""

    enabled: bool = True
    """Whether the policy is checked."""

    @abstractmethod
    def judge(self, costs: CostSnapshot, outcome: Outcome) -> Verdict:
        """Whether the policy holds.

        Args:
            costs: The store.
            outcome: The answers of the sections that the rule needs.
        """


class ChargeRule(PolicyRule):
    """What a policy for charges may say."""

    where: Where = Field(default_factory=dict)
    """Only charges that meet every condition."""

    lookback_days: int = Field(default=30, ge=1, le=366)
    """How many of the newest days of the bill are looked at."""

    def judge(self, costs: CostSnapshot, outcome: Outcome) -> Verdict:
        """Whether the newest days of the bill hold the policy; unknown where they are empty."""
        bill = self.bill(costs, outcome)
        verdict = self.judge_bill(bill)
        if verdict.checked or verdict.findings or verdict.unknown:
            return verdict
        reason = "the bill names nothing that the policy is about"
        if bill.is_empty:
            reason = f"no charge of the last {self.lookback_days} days meets the conditions"
        return replace(verdict, measured="", unknown=(Unknown(subject="the bill", reason=reason),))

    @property
    def dimensions(self) -> Sequence[str]:
        """What the policy tells charges apart by, beside its conditions."""
        return ()

    @abstractmethod
    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Whether the charges hold the policy."""

    def bill(self, costs: CostSnapshot, outcome: Outcome) -> JudgedBill:
        """The charges that the policy is about."""
        from finops_cost_management.policies.judged_bill import JudgedBill

        until = outcome.run.window.end
        return JudgedBill.of(
            costs, until, days=self.lookback_days, where=self.where, by=self.dimensions
        )


class RequiredTags(ChargeRule):
    """Every resource has these tags on the last day that it is charged."""

    rule: Literal["required_tags"]

    tags: _OneOrMore[_Text]
    """Keys, as the bill writes them."""

    minimum_cost: _Amount = Decimal(1)
    """Cost a month, in the currency of the bill, below which a resource is not looked at."""

    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Find the resources that lack a tag."""
        from finops_cost_management.policies.tagging import required_tags

        return required_tags(bill, self.tags, self.minimum_cost)


class TagCoverage(ChargeRule):
    """Enough of the effective cost of taggable usage has these tags."""

    rule: Literal["tag_coverage"]

    tags: _OneOrMore[_Text]
    """Keys, as the bill writes them."""

    match: Literal["all", "any"] = "all"
    """Whether a charge needs all of the tags, or one of them."""

    minimum: Portion = Decimal("0.95")
    """Share of the cost of usage that belongs to a resource."""

    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Measure the share, of each currency."""
        from finops_cost_management.policies.coverage import tag_coverage

        return tag_coverage(bill, self.tags, self.match, self.minimum)


class Allocation(ChargeRule):
    """Enough of all effective cost has a value in one of these dimensions."""

    rule: Literal["allocation"]

    by: _OneOrMore[DimensionName]
    """Dimensions that say whose cost it is, such as `tags.team` or `AllocatedResourceName`."""

    minimum: Portion = Decimal("0.98")
    """Share of all cost."""

    @property
    def dimensions(self) -> Sequence[str]:
        """What the policy asks for."""
        return self.by

    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Measure the share, of each currency."""
        from finops_cost_management.policies.coverage import allocation

        return allocation(bill, self.by, self.minimum)


class ForbiddenInstanceFamilies(ChargeRule):
    """No machine, database or cache is of these families."""

    rule: Literal["forbidden_instance_families"]

    families: _OneOrMore[_Text]
    """Beginnings of instance types (`p3`, `Standard_NC`), or patterns (`*.metal`)."""

    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Find the resources of these families."""
        from finops_cost_management.policies.instances import forbidden_instance_families

        return forbidden_instance_families(bill, self.families)


class ForbiddenRegions(ChargeRule):
    """Nothing is used in these regions."""

    rule: Literal["forbidden_regions"]

    regions: _OneOrMore[_Text]
    """Patterns of `RegionId`, such as `us-*`."""

    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Find what is used there."""
        from finops_cost_management.policies.regions import forbidden_regions

        return forbidden_regions(bill, self.regions)


class AllowedRegions(ChargeRule):
    """Nothing is used outside of these regions."""

    rule: Literal["allowed_regions"]

    regions: _OneOrMore[_Text]
    """Patterns of `RegionId`, such as `eu-*`."""

    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Find what is used elsewhere."""
        from finops_cost_management.policies.regions import allowed_regions

        return allowed_regions(bill, self.regions)


class MaximumAge(ChargeRule):
    """No resource of these kinds is older than so many days."""

    rule: Literal["maximum_age"]

    days: int = Field(ge=1, le=3660)
    """How many days since the first charge that the store has."""

    resource_types: tuple[_Text, ...] = ()
    """Patterns of `ResourceType`, such as `*snapshot*`; all where absent."""

    services: tuple[_Text, ...] = ()
    """Patterns of `ServiceName`; all where absent."""

    def judge_bill(self, bill: JudgedBill) -> Verdict:
        """Find what is older."""
        from finops_cost_management.policies.age import maximum_age

        return maximum_age(
            bill, self.days, resource_types=self.resource_types, services=self.services
        )


class BudgetHeadroom(PolicyRule):
    """Enough of the budgets is left after the projected spend of their period."""

    needs: ClassVar[frozenset[str]] = frozenset({"budgets"})

    rule: Literal["budget_headroom"]

    budget: str | None = None
    """A budget, by its name in this file; every budget where absent."""

    minimum: Portion = Decimal("0.1")
    """Share of the amount."""

    def judge(self, costs: CostSnapshot, outcome: Outcome) -> Verdict:  # noqa: ARG002 # the budgets have been judged
        """Compare what is left of each budget."""
        from finops_cost_management.policies.headroom import budget_headroom

        return budget_headroom(
            [one for one in outcome.budgets if self.budget in (None, one.name)],
            self.minimum,
            unjudged=[
                name for name in _not_done(outcome, "budgets") if self.budget in (None, name)
            ],
        )


class MaximumOpenSavings(PolicyRule):
    """All open recommendations together would save no more than this."""

    needs: ClassVar[frozenset[str]] = frozenset({"optimizers"})

    rule: Literal["maximum_open_savings"]

    amount: _Amount | None = None
    """The most, a month."""

    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """The ISO 4217 code of the amount."""

    share: Portion | None = None
    """Instead of an amount: the largest share of the effective cost of the last 30 days."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.share is None):
            raise ValueError("must say either amount and currency, or share")
        if (self.amount is None) != (self.currency is None):
            raise ValueError("an amount needs its currency, and a share has none")
        return self

    def judge(self, costs: CostSnapshot, outcome: Outcome) -> Verdict:
        """Add up what counts."""
        from finops_cost_management.policies.judged_bill import JudgedBill
        from finops_cost_management.policies.open_savings import (
            savings_within_amount,
            savings_within_share,
            unjudged_savings,
        )

        found = outcome.recommendations
        if self.amount is not None and self.currency is not None:
            verdict = savings_within_amount(found, self.amount, self.currency)
        else:
            bill = JudgedBill.of(costs, outcome.run.window.end, days=30, where={})
            verdict = savings_within_share(found, self.share or Decimal(0), bill)
        unknown = [
            *verdict.unknown,
            *unjudged_savings(outcome.savings),
            *(
                Unknown(subject=f"optimizers.{name}", reason="it did not answer")
                for name in _not_done(outcome, "optimizers")
            ),
        ]
        if not outcome.savings and not unknown:
            unknown.append(Unknown(subject="savings", reason="no optimizer looked for any"))
        return replace(verdict, unknown=tuple(unknown))


def _not_done(outcome: Outcome, section: str) -> list[str]:
    """The steps of a section that gave no answer."""
    return [
        record.step.name
        for record in outcome.steps
        if record.step.section == section and record.state is not StepState.DONE
    ]


RULES: Mapping[str, type[PolicyRule]] = {
    "required_tags": RequiredTags,
    "tag_coverage": TagCoverage,
    "allocation": Allocation,
    "forbidden_instance_families": ForbiddenInstanceFamilies,
    "forbidden_regions": ForbiddenRegions,
    "allowed_regions": AllowedRegions,
    "maximum_age": MaximumAge,
    "budget_headroom": BudgetHeadroom,
    "maximum_open_savings": MaximumOpenSavings,
}
"""Name, as in ``rule:`` → what a policy with it may say."""
