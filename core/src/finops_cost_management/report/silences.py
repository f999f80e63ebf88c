"""What to say where there is nothing to say: why it is so, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.answers.outcome import StepState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from finops_cost_management.answers.outcome import StepRecord

_NO_COSTS = (
    "The store has no costs in these days. Check that `sources:` names where your bills are, "
    "and that their days include the window; `use: demo` shows what it looks like."
)
_NO_ANSWER = "The store could not be asked: see the steps. What it holds is unknown."

_NOTHING = {
    "detectors": "Nothing unusual to tell.",
    "forecasters": "No forecast to tell.",
    "optimizers": "No saving to tell.",
    "budgets": "No budget to tell.",
}


def why_no_costs(steps: Iterable[StepRecord]) -> str:
    """Why there are no totals.

    Args:
        steps: All steps of the run.
    """
    failed = any(
        record.step.section == "store" and record.state is not StepState.DONE for record in steps
    )
    return _NO_ANSWER if failed else _NO_COSTS


def known_by_feedback(count: int) -> str:
    """How many anomalies are not shown, as people said what they were."""
    return f"{count} more known by feedback: `finops feedback list` shows what was said."


def decided_before(count: int) -> str:
    """How many recommendations are not shown, as people decided on them."""
    return f"{count:,} more decided: `finops recommendations list --status dismissed` and others."


def why_empty(section: str, steps: Iterable[StepRecord], left_out: int = 0) -> str:
    """Why a section has nothing to show.

    Args:
        section: Of the pipeline file: ``detectors``, ``forecasters``, ``optimizers``, ``budgets``.
        steps: All steps of the run.
        left_out: How many answers are below the severity that is asked for.
    """
    records = [record for record in steps if record.step.section == section]
    if not records:
        return f"{_NOTHING[section]} The pipeline names none under `{section}:`."
    broken = [record for record in records if record.state is not StepState.DONE]
    if broken:
        return f"Not known: {len(broken)} of {len(records)} did not end well, see the steps."
    if left_out:
        return f"{left_out} below the severity that is asked for (`when:`)."
    return _NOTHING[section]
