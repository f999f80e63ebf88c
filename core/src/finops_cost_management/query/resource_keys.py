"""What tells resources apart in the store, whatever their spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir


def resource_key(ids: ir.StringValue) -> ir.StringValue:
    """What tells resources apart whatever their spelling: small letters, bare ids for ARNs."""
    small = ids.lower()
    return small.re_extract(r"^arn:.*[:/]([a-z]+-[0-9a-f]{8,17})$", 1).nullif("").coalesce(small)
