"""What all checks of clusters share: whom they ask, how far back, and what they may claim."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from finops_cost_management import (
    DateWindow,
    Effort,
    FinopsError,
    OptimizationCategory,
    Optimizer,
    Recommendation,
    SavingsAnswer,
    SavingsBasis,
    Unknown,
    hookimpl,
)
from finops_kubecost.checks.options import ClusterCheckOptions
from finops_kubecost.checks.questions import Questions
from finops_kubecost.client import KubecostClient
from finops_kubecost.nodes import KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management import CostSnapshot
    from finops_kubecost.checks.own_advice import Advised
    from finops_kubecost.checks.workloads import ClusterDays

CENT = Decimal("0.01")
ADVISER = "Kubecost"
_ADVISED = 0.55
"""Confidence in Kubecost's figures: it tells them without the days behind them."""
LATE_DAYS = 3
"""A cluster without an allocation in so many of the newest days is told no more of."""

Verdict = Recommendation | Unknown | None
"""A finding, what could not be told, or None for clean."""


OptionsT = TypeVar("OptionsT", bound=ClusterCheckOptions)


class ClusterCheck(Optimizer[OptionsT]):
    """Asks a Kubecost or an OpenCost, and judges what its clusters have.

    Days that it does not tell are unknown, with the reason, and the others are looked at.
    """

    use: ClassVar[str]
    """The name of the check, as in ``use:``."""

    @abstractmethod
    def verdicts(self, questions: Questions) -> Iterator[Verdict]:
        """What it thinks of all that it looks at."""

    @hookimpl
    def find_savings(self, costs: CostSnapshot, window: DateWindow) -> SavingsAnswer:  # noqa: ARG002 # a hook's argument: the cluster is asked, not the store
        """Collect the verdicts."""
        self.requests = 0
        findings: dict[str, Recommendation] = {}
        unknown: list[Unknown] = []
        clean = 0
        lookback = DateWindow.last(self.options.lookback_days, until=window.end)
        with KubecostClient(self) as client:
            questions = Questions(client, self.options, lookback)
            for verdict in self._told(questions):
                if verdict is None:
                    clean += 1
                elif isinstance(verdict, Unknown):
                    unknown.append(verdict)
                else:
                    findings.setdefault(verdict.id, verdict)
        best_first = sorted(
            findings.values(), key=lambda one: (-one.estimated_monthly_savings, one.id)
        )
        return SavingsAnswer(
            findings=tuple(best_first), clean=clean, unknown=(*unknown, *questions.untold)
        )

    def _told(self, questions: Questions) -> Iterator[Verdict]:
        """The verdicts; where the server refuses, that it could not be told."""
        try:
            yield from self.verdicts(questions)
        except FinopsError as error:
            yield Unknown(subject=questions.subject, reason=error.what, broad=True)

    def clusters(self, questions: Questions, step: str | None = None) -> Iterator[ClusterDays]:
        """The clusters whose allocations reach to the end of the look-back."""
        for cluster in questions.clusters(step):
            if (late := questions.why_late(cluster, LATE_DAYS)) is None:
                yield cluster
            else:
                questions.untold.append(late)

    def why_young(self, seen: int) -> str | None:
        """Why something that was seen on so many days is not judged; None where it is."""
        if seen >= self.options.minimum_days:
            return None
        return f"seen on {seen} of the {self.options.minimum_days} days that are needed"

    def is_worth_it(self, saving: Decimal) -> bool:
        """Whether a saving per month reaches ``minimum_savings``."""
        return saving >= max(self.options.minimum_savings, CENT)

    def advice(
        self, cluster: str, *, saving: Decimal, cost: Decimal, **details: Any
    ) -> Recommendation | None:
        """What to do; None where it saves less than ``minimum_savings``.

        Args:
            cluster: The cluster's name.
            saving: What it saves a month; no more than ``cost`` is claimed.
            cost: What it costs a month now.
            **details: The other fields of a `Recommendation`.
        """
        current = cost.quantize(CENT)
        claimed = min(saving.quantize(CENT), current)
        if not self.is_worth_it(claimed):
            return None
        return Recommendation(
            check=self.use,
            category=OptimizationCategory.KUBERNETES,
            sub_account_id=cluster,
            currency=self.options.currency,
            current_cost=current,
            estimated_monthly_savings=claimed,
            lookback_days=self.options.lookback_days,
            **{"basis": SavingsBasis.OWN_COST, "source": "metrics", **details},
        )

    def imported(
        self,
        advised: Advised,
        costs: Mapping[str, Decimal],
        providers: Mapping[str, str],
        *,
        shares: Mapping[str, Decimal] | None = None,
    ) -> Recommendation | None:
        """What Kubecost advises, beside our own: only the better of the two counts.

        Args:
            advised: Its advice.
            costs: Resource → what it costs a month, by the allocations.
            providers: Cluster → whose cloud it runs on.
            shares: Its parts, where the saving comes from several resources.
        """
        saving = max(advised.saving, Decimal(0))
        return self.advice(
            advised.cluster,
            saving=saving,
            cost=max(costs.get(advised.resource_id, saving), saving),
            provider=providers.get(advised.cluster, KUBERNETES),
            resource_id=advised.resource_id,
            resource_name=advised.workload,
            resource_type=f"Kubernetes {advised.kind}",
            recommendation=advised.sentence,
            current_configuration=advised.now,
            recommended_configuration=advised.target,
            steps=(
                "Compare Kubecost's figures with what its owner knows of it.",
                "Change it on one environment first, and watch it for a week.",
                "Put it back as it was if something is missing.",
            ),
            evidence={"adviser": ADVISER, **advised.evidence},
            confidence=_ADVISED,
            implementation_effort=Effort.MEDIUM,
            restart_needed=True,
            basis=SavingsBasis.PROVIDER_FIGURE,
            source=ADVISER,
            variant=ADVISER,
            shares=shares or {},
        )
