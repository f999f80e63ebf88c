"""The large clouds by their short names."""

from __future__ import annotations

from enum import StrEnum

from finops_cost_management.focus.providers import canonical_name


class CloudProvider(StrEnum):
    """A cloud, as people write it; `focus_name` is how bills do."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"

    @property
    def focus_name(self) -> str:
        """The provider's name in the store."""
        return _FOCUS_NAMES[self]


_FOCUS_NAMES = {
    CloudProvider.AWS: "AWS",
    CloudProvider.AZURE: "Microsoft",
    CloudProvider.GCP: "Google Cloud",
}


def provider_name(text: str) -> str:
    """The provider's name in the store: of a short name or a well-known spelling.

    Example:
        >>> provider_name("azure"), provider_name("Amazon Web Services"), provider_name("Acme")
        ('Microsoft', 'AWS', 'Acme')
    """
    return canonical_name(text)
