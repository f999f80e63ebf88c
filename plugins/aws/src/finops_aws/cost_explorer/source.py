"""The source `aws.cost_explorer`."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, field_validator

from finops_aws.access import AwsOptions, client, explained
from finops_aws.cost_explorer.words import Grouping
from finops_cost_management import Delivery, Source, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from finops_cost_management import DateWindow

CONVERSION = 1
"""Counts up when the same answers would be converted differently."""

REGION = "us-east-1"
"""Cost Explorer is one service for all regions, and answers here."""

RECORD_TYPE = Grouping.parse("RECORD_TYPE")

log = logging.getLogger(__name__)


class CostExplorerOptions(AwsOptions):
    """What Cost Explorer is asked, and how often."""

    group_by: tuple[str, ...] = ("LINKED_ACCOUNT", "SERVICE")
    """What costs are split by: SERVICE, LINKED_ACCOUNT, REGION, USAGE_TYPE, INSTANCE_TYPE,
    OPERATION, TAG:key, COST_CATEGORY:name, …; kinds of charges are always kept apart. Two need a
    request for each kind of charge, three one for each kind and value of the first, and so on."""

    granularity: Literal["daily", "hourly"] = "daily"
    """Hourly costs must be enabled in AWS, and reach back 14 days."""

    net: bool = False
    """Costs net of discounts that AWS negotiated with you, where your account has them."""

    maximum_requests: int = Field(default=50, ge=1, le=10_000)
    """How many requests a run may send; AWS charges 0.01 USD for each, and for each page."""

    @field_validator("group_by")
    @classmethod
    def _known(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        groupings = dict.fromkeys(Grouping.parse(text).text for text in texts)
        groupings.pop(RECORD_TYPE.text, None)  # it is asked for in any case
        if not groupings:
            raise ValueError("must name at least one")
        return tuple(groupings)


class CostExplorer(Source[CostExplorerOptions]):
    """Ask the Cost Explorer API, for accounts that have no export.

    Every request costs money: the log and the record of the run say how many were sent, and a
    run stops at `maximum_requests`. Exports (`aws.focus_export`, `aws.cost_and_usage`) have more,
    down to single resources, and are free to ask.

    Usage, taxes, credits, refunds and fees are rows of their own. Billed cost is the unblended,
    effective cost the amortised one. There is no list price: list and contracted cost are the
    billed one. Costs that AWS still changes carry `x_Estimated`.
    """

    Options = CostExplorerOptions
    permissions: ClassVar[tuple[str, ...]] = ("ce:GetCostAndUsage", "sts:GetCallerIdentity")

    @hookimpl
    def collect_costs(self, window: DateWindow) -> Iterator[Delivery]:
        """One delivery for all days of the window."""
        from finops_aws.cost_explorer.focus_rows import focus_rows, metrics
        from finops_aws.cost_explorer.questions import Questions

        self.requests = 0
        account = self._account()
        groupings = [RECORD_TYPE, *map(Grouping.parse, self.options.group_by)]
        net, hourly = self.options.net, self.options.granularity == "hourly"
        questions = Questions(
            client(self, "ce", REGION),
            window,
            metrics=metrics(net=net),
            limit=self.options.maximum_requests,
        )
        try:
            answers = list(questions.ask(groupings, "HOURLY" if hourly else "DAILY"))
        finally:
            self.spent = f"{questions.sent} requests to Cost Explorer, about {questions.price} USD"
            log.info(self.spent)
        if questions.untold:
            log.warning(
                "Cost Explorer does not split all costs by %s: what is missing is kept without",
                ", ".join(sorted(questions.untold)),
            )
        rows = focus_rows(answers, groupings, account, questions.names, net=net)
        yield Delivery(
            name=f"Cost Explorer, {window}",
            digest=_digest(rows),
            read=lambda _: rows,
            grain="day",
            covers=frozenset(day.isoformat() for day in window.dates()),
        )

    def _account(self) -> str:
        """The account that pays: of all that it can see, the one that asks."""
        with explained("sts:GetCallerIdentity"):
            account: str = client(self, "sts", REGION).get_caller_identity()["Account"]
            return account


def _digest(rows: pa.Table) -> str:
    content = hashlib.blake2b(f"{CONVERSION}".encode())
    for name in rows.column_names:
        content.update(f"{name}\0".encode())
        for value in rows.column(name).to_pylist():
            content.update(f"{value}\0".encode())
    return content.hexdigest()
