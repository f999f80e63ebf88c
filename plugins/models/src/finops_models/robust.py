"""Order statistics of many windows at once; a missing day is NaN and never counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SIGMA_PER_MEDIAN = 1.4826
"""The standard deviation of normal noise, in medians of its absolute value."""


def trailing(values: Floats, days: int) -> Floats:
    """Per day the ``days`` values before it, the day itself excluded.

    Args:
        values: Series × days.
        days: Length of the windows.

    Returns:
        A read-only view, series × days × window, oldest first, NaN before the first day.
    """
    return _windows(values, before=days, after=-1)


def centred(values: Floats, days: int) -> Floats:
    """Per day the odd number of ``days`` values around it, as a view like `trailing`."""
    return _windows(values, before=days // 2, after=days // 2)


def _windows(values: Floats, *, before: int, after: int) -> Floats:
    import numpy as np

    padded = np.pad(values, ((0, 0), (before, max(after, 0))), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, before + after + 1, axis=1)
    return windows[:, : values.shape[1]]


def median(windows: Floats) -> Floats:
    """Median of the known values along the last axis; NaN where none is known."""
    import numpy as np

    ordered = np.sort(windows, axis=-1)  # NaN sorts last
    known = np.isfinite(ordered).sum(axis=-1)
    return 0.5 * pick(ordered, (known - 1) // 2) + 0.5 * pick(ordered, known // 2)


def pick(ordered: Floats, index: NDArray[np.int64]) -> Floats:
    """The value at an index of its own per window; what is past the end is the last value."""
    import numpy as np

    inside = np.clip(index, 0, ordered.shape[-1] - 1)
    picked: Floats = np.take_along_axis(ordered, inside[..., None], axis=-1)[..., 0]
    return picked


def mean_size(windows: Floats) -> Floats:
    """Mean absolute value of the known values along the last axis; NaN where none is known."""
    import numpy as np

    known = np.isfinite(windows).sum(axis=-1)
    total = np.nansum(np.abs(windows), axis=-1)
    mean: Floats = np.where(known > 0, total / np.maximum(known, 1), np.nan)
    return mean
