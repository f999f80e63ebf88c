"""What checks of Savings Plans and reservations share: paid questions, verdicts, amounts."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field

from finops_aws.checks.asking_check import CENT, HOME, AskingCheck, AskingOptions
from finops_aws.cost_explorer.questions import PRICE
from finops_cost_management import AccessError, DataError, hookimpl
from finops_cost_management.answers.recommendations import DAYS_A_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from finops_cost_management import CostSnapshot, DateWindow, SavingsAnswer

log = logging.getLogger(__name__)


class CommitmentOptions(AskingOptions):
    """From when on a commitment is worth a word."""

    minimum_savings: Decimal = Field(default=Decimal(5), ge=0)
    """Saving per month, in the currency of the bill, below which there is nothing to say."""


class PaidOptions(CommitmentOptions):
    """How much may be asked."""

    maximum_requests: int = Field(default=30, ge=1, le=1_000)
    """How many requests a run may send to Cost Explorer; AWS charges 0.01 USD for each, for each
    page and for each time it is tried again."""


PaidOptionsT = TypeVar("PaidOptionsT", bound=PaidOptions)


class CostExplorerCheck(AskingCheck[PaidOptionsT]):
    """Asks Cost Explorer: each request costs money.

    The log and the record of the run say how many were sent, and what they cost.
    """

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Collect the verdicts, and tell what they cost."""
        self._paid = 0
        answer: SavingsAnswer = super().find_savings(costs, window)
        log.info("%s: %d requests to Cost Explorer, %s USD", self.use, *self._bill())
        return answer

    def pages(self, operation: str, **question: Any) -> Iterator[Mapping[str, Any]]:
        """All pages of a question to Cost Explorer, each of them paid.

        Args:
            operation: As IAM names it: ``GetSavingsPlansCoverage``.
            **question: Its arguments.

        Raises:
            AccessError: ``maximum_requests`` are sent.
            FinopsError: AWS refuses, in words.
        """
        return self.answers(f"ce:{operation}", HOME, **question)

    def client(self, service: str, region: str) -> Any:
        """A client that asks no more often than it may; each try is paid, and counts."""
        made = super().client(service, region)
        made.meta.events.register_first("before-send.cost-explorer", self._pay)
        return made

    def _pay(self, **_: object) -> None:
        if self._paid >= self.options.maximum_requests:
            raise AccessError(
                "stopped at {} requests to Cost Explorer, {} USD".format(*self._bill()),
                hint="raise `maximum_requests`, or ask for less",
            )
        self._paid += 1

    def _bill(self) -> tuple[int, Decimal]:
        return self._paid, self._paid * PRICE


def amount(told: Mapping[str, Any], name: str) -> Decimal | None:
    """An amount of Cost Explorer, which writes them as text; None where there is none.

    Raises:
        DataError: It is no number.
    """
    text = told.get(name)
    if text in (None, ""):
        return None
    try:
        value = Decimal(str(text))
    except ArithmeticError as error:
        raise DataError(
            f"Cost Explorer says {name} = {text!r}, which is no amount",
            hint="run again later; report it if it stays",
        ) from error
    return value if value.is_finite() else None


def total(told: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    """The sum of an amount over several answers; what is absent adds nothing."""
    return sum((amount(one, name) or Decimal(0) for one in told), Decimal(0))


def monthly(sum_of_days: Decimal, days: int | Decimal) -> Decimal:
    """An amount of so many days as one of a month of 30.4375 days, in cents."""
    return (sum_of_days / days * DAYS_A_MONTH).quantize(CENT)
