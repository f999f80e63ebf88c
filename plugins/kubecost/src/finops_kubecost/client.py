"""What Kubecost and OpenCost are asked: the allocations of a day, whichever of the two answers."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from finops_cost_management import AccessError, DataError
from finops_kubecost.connection import Connection, NoDataError, NotHereError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finops_cost_management.plugins.component import Component

log = logging.getLogger(__name__)

Allocation = dict[str, Any]
"""One allocation as the API tells it: ``name``, ``properties``, ``window``, ``cpuCost``, …"""

PATHS = ("/model/allocation", "/allocation/compute", "/allocation")
"""Where allocations are: in Kubecost, in OpenCost, and in Kubecost's container asked directly."""

_LONGEST_SET = timedelta(hours=25)
"""A day, also where clocks are put back in it."""

_IDLE_APART = {
    # Each of the two has a name of its own for it, and passes over the other's.
    "idle": "true",
    "includeIdle": "true",
    "shareIdle": "false",
    "accumulate": "false",
}


class KubecostClient:
    """A Kubecost or an OpenCost: it finds out which, and remembers.

    Use it in a ``with`` block: it keeps its connection open from question to question.

    Args:
        component: Whose `KubecostOptions` and whose count of requests are used.
    """

    def __init__(self, component: Component[Any]) -> None:
        self.connection = Connection(component)
        self.page_size: int = component.options.page_size
        self._path: str | None = None
        self._idle_by_node = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.__exit__()

    def get(self, path: str, **parameters: str) -> Any:
        """Any other answer of the API: ``get("/model/assets", window=…)``.

        Raises:
            NotHereError: This server has no such answer, as OpenCost has no savings.
            FinopsError: As `Connection.get`.
        """
        return self.connection.get(path, parameters)

    def allocations(self, day: date, **parameters: str) -> list[Allocation]:
        """All allocations of the sets that start on a UTC day, idle apart, in a steady order.

        The sets of an answer are told apart by their own windows: how many there are, and which
        of them are empty, differs from server to server.

        Args:
            day: The day.
            parameters: Further parameters of the API, such as ``step="1h"``.

        Raises:
            FinopsError: As `Connection.get`.
            DataError: The answer holds no allocations, or such without a window of a day at most.
        """
        found: dict[tuple[datetime, datetime, str], Allocation] = {}
        offset = 0
        while True:
            known, longest = len(found), 0
            for told in self._sets(day, offset, parameters):
                longest = max(longest, len(told))
                for name, allocation in told.items():
                    start, end = self._window(name, allocation)
                    if start.date() == day:
                        found[start, end, name] = {"name": name, **allocation}
            # More than asked for: no pages here. Nothing new: the same page again.
            if longest != self.page_size or len(found) == known:
                break
            offset += self.page_size
        return [found[key] for key in sorted(found)]

    def _sets(
        self, day: date, offset: int, parameters: Mapping[str, str]
    ) -> Iterator[dict[str, Allocation]]:
        asked = {
            "window": f"{day}T00:00:00Z,{day + timedelta(days=1)}T00:00:00Z",
            **_IDLE_APART,
            "offset": str(offset),
            "limit": str(self.page_size),
            **parameters,
        }
        try:
            answer = self._ask(asked)
        except NoDataError as error:
            log.info("%s: %s", day, error)
            return
        sets = answer.get("data") if isinstance(answer, dict) else answer
        for one in [] if sets is None else sets if isinstance(sets, list) else [sets]:
            if one is None:
                continue
            if not isinstance(one, dict) or not all(isinstance(v, dict) for v in one.values()):
                raise DataError(
                    f"{self.connection.url}: the answer for {day} does not hold allocations",
                    hint="is it a Kubecost or OpenCost of the last years?",
                )
            yield one

    def _ask(self, asked: dict[str, str]) -> Any:
        if not self._idle_by_node:
            return self._ask_somewhere(asked)
        try:
            return self._ask_somewhere({**asked, "idleByNode": "true"})
        except NoDataError:
            raise
        except DataError:
            # Builds that do not know idle by node have it by cluster.
            answer = self._ask_somewhere(asked)
            self._idle_by_node = False
            log.info("%s does not tell idle by node", self.connection.url)
            return answer

    def _ask_somewhere(self, asked: Mapping[str, str]) -> Any:
        if self._path is not None:
            return self.connection.get(self._path, asked)
        refusals = []
        for path in PATHS:
            try:
                answer = self.connection.get(path, asked)
            except NotHereError as error:
                refusals.append(error.what)
                continue
            except NoDataError:
                self._path = path
                raise
            self._path = path
            log.info("%s has its allocations at %s", self.connection.url, path)
            return answer
        raise AccessError(
            f"what answers is neither Kubecost nor OpenCost: {refusals[0]}",
            hint="give its address without a path, as http://localhost:9090",
        )

    def _window(self, name: str, allocation: Allocation) -> tuple[datetime, datetime]:
        window = allocation.get("window")
        try:
            start, end = (instant(window[side]) for side in ("start", "end"))  # type: ignore[index] # whatever it is, it is tried
        except (TypeError, KeyError, ValueError) as error:
            raise DataError(
                f"{self.connection.url}: {name} does not say of which time it is"
            ) from error
        if end - start > _LONGEST_SET:
            raise DataError(
                f"{self.connection.url}: asked for a day, it answers for {start:%Y-%m-%d} to "
                f"{end:%Y-%m-%d}",
                hint="is an `accumulate` set on the way, by a proxy for instance?",
            )
        return start, end


def instant(text: str) -> datetime:
    """A time as the API writes it, in UTC.

    Raises:
        ValueError: It is no time.
    """
    return datetime.fromisoformat(text).astimezone(UTC)
