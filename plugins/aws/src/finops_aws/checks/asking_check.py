"""What checks that question a service of AWS share: pages, verdicts, and what cannot be told."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import Field

from finops_aws.access import AwsOptions, client, explained
from finops_cost_management import (
    FinopsError,
    Optimizer,
    Recommendation,
    SavingsAnswer,
    Unknown,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from finops_cost_management import CostSnapshot, DateWindow

HOME = "us-east-1"
"""Where services answer that are one for all regions: Cost Explorer, Savings Plans, the hub."""

CENT = Decimal("0.01")
_NEXT = ("NextPageToken", "NextToken", "nextToken")

Verdict = Recommendation | Unknown | None
"""A finding, what could not be told, or None for clean."""


class AskingOptions(AwsOptions):
    """From when on an answer is worth a word."""

    minimum_savings: Decimal = Field(default=Decimal(1), ge=0)
    """Saving per month, in the currency of the answer, below which there is nothing to say."""


OptionsT = TypeVar("OptionsT", bound=AskingOptions)


class AskingCheck(Optimizer[OptionsT]):
    """Asks a service of AWS, question by question.

    A question that AWS refuses is unknown, with the reason, and the others go on.
    """

    use: ClassVar[str]
    """The name of the check, as in ``use:``."""

    permissions: ClassVar[tuple[str, ...]]
    """The IAM actions that it needs."""

    @abstractmethod
    def verdicts(self, costs: CostSnapshot, window: DateWindow) -> Iterator[Verdict]:
        """What it thinks of all that it looks at."""

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:
        """Collect the verdicts."""
        self.requests = 0
        self._clients: dict[tuple[str, str], Any] = {}
        findings: dict[str, Recommendation] = {}
        unknown: list[Unknown] = []
        clean = 0
        for verdict in self.verdicts(costs, window):
            if verdict is None:
                clean += 1
            elif isinstance(verdict, Unknown):
                unknown.append(verdict)
            else:
                findings.setdefault(verdict.id, verdict)
        best_first = sorted(
            findings.values(), key=lambda one: (-one.estimated_monthly_savings, one.id)
        )
        return SavingsAnswer(findings=tuple(best_first), clean=clean, unknown=tuple(unknown))

    def answered(self, subject: str, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """The verdicts of one question; where AWS refuses it, that it could not be told."""
        try:
            yield from verdicts
        except FinopsError as error:
            yield Unknown(subject=subject, reason=self.why(error), broad=True)

    def why(self, error: FinopsError) -> str:
        """The reason that is told where AWS refuses a question."""
        return error.what

    def is_worth_it(self, saving: Decimal) -> bool:
        """Whether a saving per month reaches ``minimum_savings``."""
        return saving >= max(self.options.minimum_savings, CENT)

    def answers(self, action: str, region: str, **question: Any) -> Iterator[Mapping[str, Any]]:
        """All pages of a question: boto3 knows the pages of few of these services.

        Args:
            action: The IAM action: ``compute-optimizer:GetIdleRecommendations``. Its parts are
                the names of service and operation.
            region: Where it is asked.
            **question: Its arguments.

        Raises:
            FinopsError: AWS refuses, in words.
        """
        import botocore

        service, _, operation = action.partition(":")
        if (service, region) not in self._clients:
            with explained(action):
                self._clients[service, region] = self.client(service, region)
        method = getattr(self._clients[service, region], botocore.xform_name(operation))
        while True:
            with explained(action):
                page: Mapping[str, Any] = method(**question)
            yield page
            token = next((name for name in _NEXT if page.get(name)), None)
            if token is None:
                return
            question[token] = page[token]

    def client(self, service: str, region: str) -> Any:
        """A new client, through which all questions to a service go."""
        return client(self, service, region)
