"""Takes the deliveries of one source in, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finops_cost_management.pipeline.told import PartlyFailedError, Told, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from finops_cost_management.store.delivery import AccountsDelivery, Delivery
    from finops_cost_management.store.ingest import IngestResult

_FAILURES_IN_WORDS = 3


def collect(
    deliveries: Callable[[], Iterable[Delivery | AccountsDelivery] | None],
    ingest: Callable[[Delivery | AccountsDelivery], IngestResult],
) -> Told:
    """Take every delivery in; a bad one does not keep the later ones out.

    Args:
        deliveries: Asks the source. Where it fails, or what it gives fails to go on, the source
            has ended.
        ingest: Takes one in.

    Raises:
        PartlyFailedError: Some deliveries failed, or the source did after some of them.
        BaseException: What the source raised before its first delivery.
    """
    results: list[IngestResult] = []
    failures: dict[str, BaseException] = {}
    try:
        for delivery in deliveries() or ():
            try:
                results.append(ingest(delivery))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 # reading runs a plugin's code: it may raise anything
                failures[delivery.name] = error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if not (results or failures):
            raise
        failures["the source itself"] = error
    told = _told(results)
    if failures:
        raise PartlyFailedError(_in_words(failures, told), told) from next(iter(failures.values()))
    return told


def _told(results: list[IngestResult]) -> Told:
    rows = sum(result.rows for result in results)
    refused = sum(result.refused for result in results)
    unchanged = sum(result.skipped for result in results)
    bills = [result for result in results if result.accounts is None]
    parts = []
    if bills or not results:
        new = sum(not result.skipped for result in bills)
        parts.append(f"{rows:,} rows in {new} deliveries")
    if len(bills) < len(results):
        parts.append(f"{sum(result.accounts or 0 for result in results):,} accounts")
    if unchanged:
        parts.append(f"{unchanged} unchanged")
    if refused:
        parts.append(f"{refused:,} refused: see `finops store refused`")
    return Told(message=", ".join(parts), rows=rows, refused=refused)


def _in_words(failures: dict[str, BaseException], told: Told) -> str:
    """All that failed by name, the first ones with their reason."""
    first = list(failures.items())[:_FAILURES_IN_WORDS]
    reasons = [
        reason if name in (reason := in_words(error)) else f"{name}: {reason}"
        for name, error in first
    ]
    if others := list(failures)[_FAILURES_IN_WORDS:]:
        reasons.append(f"{len(others)} more: {', '.join(others)}")
    count = "one delivery" if len(failures) == 1 else f"{len(failures)} deliveries"
    return f"{count} failed: {' | '.join(reasons)}; the rest is in: {told.message}"
