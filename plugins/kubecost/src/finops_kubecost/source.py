"""The source `kubecost.allocation`."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

from pydantic import field_validator

from finops_cost_management import Delivery, RetryLaterError, Source, hookimpl
from finops_cost_management.focus.cloud_provider import provider_name
from finops_cost_management.window import today_utc
from finops_kubecost.connection import KubecostOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from finops_cost_management import DateWindow
    from finops_kubecost.client import KubecostClient

CONVERSION = 2
"""Counts up when the same answers would be converted differently."""

MOST_FAILURES = 3
"""So many days in a row may fail; then the server is not asked for the others."""

NAMELESS_CLUSTER = "kubernetes"
"""What a cluster is called that neither its answers nor the options name."""

log = logging.getLogger(__name__)


class KubecostAllocationOptions(KubecostOptions):
    """Which cluster is asked, and what its answers do not say."""

    provider: str | None = None
    """Whose machines the nodes are: `aws`, `azure`, `gcp` or any name; told by the nodes' ids if
    not given."""

    @field_validator("provider")
    @classmethod
    def _as_in_bills(cls, provider: str | None) -> str | None:
        return provider_name(provider) if provider else None


class KubecostAllocation(Source[KubecostAllocationOptions]):
    """Ask Kubecost or OpenCost what each container, volume and idle node cost, day by day.

    Both answer here, told apart by asking. Each component of a container (cpu, ram, gpu, storage,
    network, load balancer, shared, external) is a row; what nobody used is in rows of the
    namespace `__idle__`. Adjustments are included.

    The billed cost of all rows is 0, because the nodes are on the bill of their cloud already;
    the effective cost says what was used. Today is delivered as far as it goes, and replaced by
    later runs. A day of which the server has nothing, because it was not installed or has
    forgotten it, leaves what the store has of it.
    """

    Options = KubecostAllocationOptions

    @hookimpl
    def collect_costs(self, window: DateWindow) -> Iterator[Delivery]:
        """One delivery for each day of the window that the server knows.

        Raises:
            RetryLaterError: Some days could not be had; all others were delivered before, or after
                `MOST_FAILURES` days in a row none was asked for any more.
        """
        from finops_kubecost.client import KubecostClient

        self.requests = 0
        today = today_utc()
        days = [day for day in window.dates() if day <= today]
        in_a_row = 0
        missed: list[tuple[date, RetryLaterError]] = []
        with KubecostClient(self) as client:
            for day in days:
                try:
                    delivery = self._delivery(client, day)
                except RetryLaterError as error:
                    log.warning("%s: %s", day, error)
                    missed.append((day, error))
                    in_a_row += 1
                    if in_a_row == MOST_FAILURES:  # it does not get better
                        break
                    continue
                in_a_row = 0
                if delivery is not None:
                    yield delivery
        if missed:
            named = ", ".join(str(day) for day, _ in missed)
            first = missed[0][1]
            rest = "; later days were not asked for" if day < days[-1] else ""
            raise RetryLaterError(f"{named}: {first.what}{rest}", hint=first.hint) from first

    def _delivery(self, client: KubecostClient, day: date) -> Delivery | None:
        from finops_kubecost.allocation_rows import allocation_rows

        allocations = client.allocations(day)
        if not allocations:
            log.info("%s has nothing of %s", self.options.url, day)
            return None
        given = {
            "cluster": self.options.cluster or NAMELESS_CLUSTER,
            "currency": self.options.currency,
            "provider": self.options.provider,
        }
        content = hashlib.blake2b(json.dumps([CONVERSION, given]).encode())
        for allocation in allocations:
            content.update(json.dumps(allocation, sort_keys=True, default=str).encode())
        rows = allocation_rows(
            allocations,
            cluster=self.options.cluster or NAMELESS_CLUSTER,
            currency=self.options.currency,
            provider=self.options.provider,
        )
        return Delivery(
            name=f"allocations, {day}",
            digest=content.hexdigest(),
            read=lambda _: rows,
            grain="day",
            covers=frozenset({day.isoformat()}),
        )
