"""What a check asks Kubecost or OpenCost, for the days of its look-back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from finops_cost_management import DataError, RetryLaterError, Unknown
from finops_cost_management.focus.cloud_provider import provider_name
from finops_kubecost.checks.allocations import Told, read_allocation
from finops_kubecost.checks.workloads import ClusterDays, by_cluster
from finops_kubecost.connection import NoDataError, NotHereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from finops_cost_management import DateWindow
    from finops_kubecost.checks.options import ClusterCheckOptions
    from finops_kubecost.client import KubecostClient

T = TypeVar("T")
MOST_FAILURES = 3
"""So many days may fail; then the server is not asked for the others."""

_HERE = ("/model", "")
"""Where Kubecost has its API, and where it is when its container is asked directly."""


class Questions:
    """Asks, day by day, and remembers what could not be told.

    Args:
        client: Whom it asks.
        options: Of the check.
        window: The days of the look-back.

    Attributes:
        untold: What could not be told, so far.
    """

    def __init__(
        self, client: KubecostClient, options: ClusterCheckOptions, window: DateWindow
    ) -> None:
        self._client = client
        self._options = options
        self._window = window
        self.untold: list[Unknown] = []

    @property
    def subject(self) -> str:
        """What is asked about, where the answer does not name a cluster."""
        return self._options.cluster or self._options.url

    @property
    def provider(self) -> str | None:
        """Whose cloud it is by the options, as bills name it; None where they do not say."""
        named = self._options.provider
        return provider_name(named) if named else None

    def clusters(self, step: str | None = None) -> list[ClusterDays]:
        """The allocations of the look-back, cluster by cluster.

        Args:
            step: Length of a step, as the API has it: ``1h``; a day if not given.
        """
        asked = {"step": step} if step else {}
        allocations = [
            read_allocation(str(one.get("name") or ""), one, self.subject)
            for _, told in self._each_day(lambda day: self._client.allocations(day, **asked))
            for one in told
        ]
        if not allocations and not self.untold:
            self.untold.append(
                Unknown(
                    subject=self.subject,
                    reason=f"it has no allocations in the {self._window.days} days",
                    broad=True,
                )
            )
        return by_cluster(allocations, step_hours=1 if step else 24, provider=self.provider)

    def assets(self, kind: str) -> list[tuple[date, Told]]:
        """The assets of one type, with the day of each: ``Disk``.

        Raises:
            NotHereError: The server has none.
            FinopsError: It does not answer.
        """
        return [
            (day, asset)
            for day, told in self._each_day(self._assets_of)
            for asset in told
            if asset.get("type") == kind
        ]

    def advice(self, path: str, **parameters: str) -> Any:
        """What Kubecost's own adviser says; None where there is none, as in OpenCost.

        Args:
            path: ``requestSizingV2``.
            **parameters: Of the question.
        """
        try:
            return self._anywhere(f"/savings/{path}", parameters)
        except NotHereError:
            return None
        except (DataError, RetryLaterError) as error:
            self.untold.append(
                Unknown(subject=f"Kubecost's advice ({path})", reason=error.what, broad=True)
            )
            return None

    @property
    def window(self) -> str:
        """The look-back, as the API takes it."""
        return f"{self._window.start}T00:00:00Z,{self._window.end}T00:00:00Z"

    @property
    def days(self) -> int:
        """How many days the look-back has."""
        return self._window.days

    def why_late(self, cluster: ClusterDays, days: int) -> Unknown | None:
        """That a cluster has nothing in the newest days; None where it has."""
        last = date.fromisoformat(cluster.newest[:10])
        if self._window.end - last <= timedelta(days=days):
            return None
        return Unknown(subject=cluster.name, reason=f"its allocations end on {last}", broad=True)

    def _each_day(self, ask: Callable[[date], list[T]]) -> Iterator[tuple[date, list[T]]]:
        """The days and their answers, the newest first; a day that fails is unknown."""
        failures = 0
        for number in range(self._window.days):
            day = self._window.end - timedelta(days=number + 1)
            try:
                answer = ask(day)
            except (DataError, RetryLaterError) as error:
                failures += 1
                if failures > number or failures == MOST_FAILURES:
                    raise  # it does not get better with more days
                self.untold.append(
                    Unknown(subject=f"{self.subject} on {day}", reason=error.what, broad=True)
                )
            else:
                yield day, answer

    def _assets_of(self, day: date) -> list[Told]:
        asked = {"window": f"{day}T00:00:00Z,{day + timedelta(days=1)}T00:00:00Z"}
        try:
            answer = self._anywhere("/assets", asked)
        except NoDataError:
            return []
        data = answer.get("data") if isinstance(answer, dict) else answer
        sets = data if isinstance(data, list) else [data]
        if not all(one is None or isinstance(one, dict) for one in sets):
            raise DataError(f"{self._options.url}: the assets of {day} cannot be read")
        # One object is the assets themselves; Kubecost gives a list of such objects, one a step.
        return [asset for one in sets if one for asset in one.values() if isinstance(asset, dict)]

    def _anywhere(self, path: str, parameters: dict[str, str]) -> Any:
        first, second = _HERE
        try:
            return self._client.get(first + path, **parameters)
        except NotHereError:
            return self._client.get(second + path, **parameters)
