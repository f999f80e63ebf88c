"""What a step says of itself, well or badly."""

from __future__ import annotations

from dataclasses import dataclass

from finops_cost_management.errors import FinopsError
from finops_cost_management.logs import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a step says in the record of the run.

    Attributes:
        message: Its result in one line.
        rows: Rows that came in (sources).
        refused: Rows that were refused (sources).
    """

    message: str
    rows: int | None = None
    refused: int | None = None


class PartlyFailedError(FinopsError):
    """A step failed in part.

    Attributes:
        told: What it did all the same.
    """

    def __init__(self, what: str, told: Told) -> None:
        super().__init__(what)
        self.told = told


def in_words(error: BaseException, use: str = "") -> str:
    """What went wrong and what to do, in one line and without secrets.

    Args:
        error: What was raised.
        use: The plugin that raised it, as the pipeline names it.
    """
    # Masked first: a secret of several lines is no longer found on one line.
    said = " ".join(masked(str(error)).split())
    if isinstance(error, FinopsError):
        return masked(said)
    if isinstance(error, KeyboardInterrupt):
        return "stopped by the user"
    return masked(
        f"unexpected {type(error).__name__}{f' in {use}' if use else ''}: {said}; "
        "this is a defect: run again with --debug and report what it prints to its author"
    )
