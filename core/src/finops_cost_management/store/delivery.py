"""What a source hands to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis
    import pyarrow as pa

    from finops_cost_management.engine import Engine

Grain = Literal["month", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Rows that replace whole billing months (or whole days) of one source, atomically.

    A delivery carries *all* rows of every unit it touches: what the store held of those
    units before is replaced, never added to.

    Attributes:
        name: What people recognise it by: a file name, a manifest id, a month.
        digest: Identity of its content. A delivery whose digest the store holds is skipped.
        read: Gives the rows, in FOCUS of any known version, as an Ibis table on the engine or
            as an Arrow table; the same rows whenever it is called.
        grain: The unit that is replaced: the billing month, or the day of the charge.
        covers: Units (``2026-11`` or ``2026-11-23``) that are replaced even if no row is left
            in them.
    """

    name: str
    digest: str
    read: Callable[[Engine], ibis.Table | pa.Table]
    grain: Grain = "month"
    covers: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsDelivery:
    """What the sub accounts of a provider are called, and their tags.

    They are joined to the charges of these accounts, whichever source brings the charges: a name
    where the bill has none, and the tags as ``x_SubAccountTags``. An account that is no longer
    delivered keeps the last name and tags that it had.

    Attributes:
        name: What people recognise it by: an organization's id.
        digest: Identity of its content. A delivery whose digest the store holds is skipped.
        read: Gives the accounts, one row each, as an Ibis table on the engine or as an Arrow
            table. All columns are text: ``ProviderName``, ``SubAccountId`` (both as bills write
            them), ``SubAccountName``, and ``Tags``, one JSON object. A name or tags that cannot
            be told are null; ``{}`` says that there are no tags.
    """

    name: str
    digest: str
    read: Callable[[Engine], ibis.Table | pa.Table]
