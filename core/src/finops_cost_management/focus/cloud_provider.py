"""The large clouds by their short names."""

from __future__ import annotations

from enum import StrEnum


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
    """The provider's name in the store: of a short name (``aws``), or any other as it is."""
    try:
        return CloudProvider(text.lower()).focus_name
    except ValueError:
        return text
