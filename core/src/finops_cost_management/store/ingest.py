"""What one ingest did, as the store's log keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """One delivery and what became of it.

    Attributes:
        source: The source's name in the pipeline.
        delivery: The delivery's name.
        digest: Identity of its content.
        units: What was replaced: billing months (``2026-11``) or days (``2026-11-23``).
        rows: Rows that are in the store now.
        refused: Rows that were refused and kept aside, each with its reason.
        skipped: Whether the store held this very content already; nothing was read then.
        accounts: How many accounts the store knows of this source now; None where the delivery
            is a bill.
    """

    source: str
    delivery: str
    digest: str
    units: tuple[str, ...] = ()
    rows: int = 0
    refused: int = 0
    skipped: bool = False
    accounts: int | None = None

    def to_log(self) -> dict[str, Any]:
        """What the commit carries."""
        return asdict(self)

    @classmethod
    def from_log(cls, entry: dict[str, Any]) -> IngestResult:
        """Read back what a commit carries; what a newer version added is passed over."""
        known = {key: entry[key] for key in cls.__dataclass_fields__ if key in entry}
        return cls(**{**known, "units": tuple(entry["units"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreVersion:
    """One commit of the store.

    Attributes:
        version: Its number; ``--as-of`` accepts it.
        committed: When, UTC.
        ingest: The ingest behind it; None for a change of the table itself.
    """

    version: int
    committed: datetime
    ingest: IngestResult | None
