"""The rhythm of invoices: the same place in earlier months, and the length of months."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Dates = NDArray[np.datetime64]


def same_places(dates: Dates, *, months: int) -> NDArray[np.int64]:
    """Where each day's counterparts in earlier months are.

    Charges recur on a day of the month (fees, commitments) or a number of days before its end
    (closing entries): both counterparts of each of the last months are given.

    Args:
        dates: Days without gaps, datetime64[D].
        months: How many months to look back.

    Returns:
        Index into ``dates``, 2 × ``months`` rows × days; -1 where the month has no such day or
        ``dates`` do not reach back so far.
    """
    import numpy as np

    month = dates.astype("datetime64[M]")
    from_start = dates - _first_day(month)
    to_end = _first_day(month + 1) - dates
    rows = []
    for back in range(1, months + 1):
        earlier = month - back
        for day in (_first_day(earlier) + from_start, _first_day(earlier + 1) - to_end):
            index = (day - dates[:1]).astype(np.int64)
            rows.append(np.where(day.astype("datetime64[M]") == earlier, index, -1))
    places: NDArray[np.int64] = np.maximum(np.array(rows), -1)
    return places


def days_in_month(dates: Dates) -> NDArray[np.int64]:
    """Length of the month of each day."""
    import numpy as np

    month = dates.astype("datetime64[M]")
    return (_first_day(month + 1) - _first_day(month)).astype(np.int64)


def _first_day(month: Dates) -> Dates:
    return month.astype("datetime64[D]")
