"""Asks Cost Explorer: two groupings a question at most, every page, each of them counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from finops_aws.access import explained
from finops_aws.cost_explorer.words import Grouping, both
from finops_cost_management import AccessError, DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_GROUPINGS = 2
PRICE = Decimal("0.01")
"""What AWS charges for each request and each further page, in USD."""

Granularity = Literal["DAILY", "HOURLY", "MONTHLY"]
Keys = tuple[str | None, ...]
_ROUNDING = Decimal("0.000001")
"""Sums of AWS are off by less than this, for it adds floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One group of one period.

    Attributes:
        start: When the period begins, as Cost Explorer writes it.
        end: When it ends; it is not inside.
        keys: The values of the groupings, in their order, as Cost Explorer writes them; None for
            those that it does not tell.
        amounts: Metric → (amount, unit), both as text.
        estimated: Whether AWS still expects to change it.
    """

    start: str
    end: str
    keys: Keys
    amounts: dict[str, tuple[str, str]]
    estimated: bool


class Questions:
    """Questions about one window.

    Args:
        client: Of Cost Explorer.
        window: The days that are asked about.
        metrics: What is asked for, as Cost Explorer names it.
        limit: How many requests may be sent: pages and repeated ones count, for AWS charges them.

    Attributes:
        sent: How many were sent.
        names: Account → its name, as the answers so far tell.
        untold: Groupings by which some costs were not split.
    """

    def __init__(
        self, client: Any, window: DateWindow, *, metrics: Sequence[str], limit: int
    ) -> None:
        self.sent = 0
        self.names: dict[str, str] = {}
        self.untold: set[str] = set()
        self._client = client
        self._window = window
        self._metrics = metrics
        self._limit = limit
        # Where every try passes: what botocore repeats on its own is counted, and stopped, too.
        client.meta.events.register_first("before-send.cost-explorer", self._count)

    @property
    def price(self) -> Decimal:
        """What the requests so far cost, about, in USD."""
        return self.sent * PRICE

    def ask(self, groupings: Sequence[Grouping], granularity: Granularity) -> Iterator[Answer]:
        """Costs by all groupings; they add up to the costs by the first of them.

        Cost Explorer takes two in a question. For more, it is first asked what the others cost
        together, and then once for each of their values. Where these answers have less than the
        first, or more, the difference is an answer of its own that does not tell the rest.
        """
        yield from self._split(groupings, granularity, None)

    def _split(
        self,
        groupings: Sequence[Grouping],
        granularity: Granularity,
        condition: dict[str, Any] | None,
    ) -> Iterator[Answer]:
        if len(groupings) <= MOST_GROUPINGS:
            yield from self._grouped(groupings, granularity, condition)
            return
        number = min(MOST_GROUPINGS, len(groupings) - MOST_GROUPINGS)
        first, rest = groupings[:number], groupings[number:]
        sums: defaultdict[tuple[str, ...], list[Answer]] = defaultdict(list)
        for answer in self._grouped(first, granularity, condition):
            sums[tuple(map(str, answer.keys))].append(answer)
        for keys, whole in sorted(sums.items()):
            narrowed = condition
            for grouping, told in zip(first, keys, strict=True):
                narrowed = both(narrowed, grouping.only(told))
            parts = list(self._split(rest, granularity, narrowed))
            missing = [replace(one, keys=(None,) * len(rest)) for one in differences(whole, parts)]
            if missing:
                self.untold.update(grouping.text for grouping in rest)
            for answer in (*parts, *missing):
                yield replace(answer, keys=keys + answer.keys)

    def _grouped(
        self,
        groupings: Sequence[Grouping],
        granularity: Granularity,
        condition: dict[str, Any] | None,
    ) -> Iterator[Answer]:
        """All pages of one question; a period may begin on one page and go on on the next."""
        hourly = granularity == "HOURLY"
        form = "{:%Y-%m-%dT00:00:00Z}" if hourly else "{:%Y-%m-%d}"
        question: dict[str, Any] = {
            "TimePeriod": {
                "Start": form.format(self._window.start),
                "End": form.format(self._window.end),
            },
            "Granularity": granularity,
            "Metrics": list(self._metrics),
            "GroupBy": [grouping.asked for grouping in groupings],
        }
        if condition is not None:
            question["Filter"] = condition
        while True:
            with explained("ce:GetCostAndUsage"):
                page = self._client.get_cost_and_usage(**question)
            for told in page.get("DimensionValueAttributes", ()):
                if name := told.get("Attributes", {}).get("description"):
                    self.names[told["Value"]] = name
            for period in page["ResultsByTime"]:
                yield from _groups(period)
            if not page.get("NextPageToken"):
                return
            question["NextPageToken"] = page["NextPageToken"]

    def _count(self, **_: object) -> None:
        if self.sent >= self._limit:
            raise AccessError(
                f"stopped at {self._limit} requests to Cost Explorer, which are about "
                f"{self.price} USD",
                hint="raise `maximum_requests`, ask for fewer `group_by` or a shorter window, or "
                "have AWS export FOCUS, which costs nothing to ask",
            )
        self.sent += 1


def differences(whole: Iterable[Answer], parts: Iterable[Answer]) -> list[Answer]:
    """What sums have and their parts have not, for each period; nothing where they agree.

    Args:
        whole: The sums.
        parts: What they were split into.
    """
    sums: defaultdict[tuple[str, str], defaultdict[tuple[str, str], Decimal]]
    sums = defaultdict(lambda: defaultdict(Decimal))
    first: dict[tuple[str, str], Answer] = {}
    for answers, sign in ((whole, 1), (parts, -1)):
        for answer in answers:
            period = answer.start, answer.end
            first.setdefault(period, answer)
            for metric, (amount, unit) in answer.amounts.items():
                sums[period][unit, metric] += sign * Decimal(amount)
    return [
        replace(
            first[period],
            amounts={
                metric: (f"{left[unit, metric]:f}", unit) for one, metric in left if one == unit
            },
        )
        for period, left in sorted(sums.items())
        for unit in sorted({unit for unit, _ in left})
        if any(abs(amount) >= _ROUNDING for (one, _), amount in left.items() if one == unit)
    ]


def _groups(period: dict[str, Any]) -> Iterator[Answer]:
    for group in period.get("Groups", ()):
        yield Answer(
            start=period["TimePeriod"]["Start"],
            end=period["TimePeriod"]["End"],
            keys=tuple(group["Keys"]),
            amounts={
                metric: (told.get("Amount", "0"), told.get("Unit", ""))
                for metric, told in group["Metrics"].items()
            },
            estimated=bool(period.get("Estimated")),
        )
