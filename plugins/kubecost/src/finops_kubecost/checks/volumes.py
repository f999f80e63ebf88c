"""Persistent volumes: their ids, the same for all checks of them."""

from __future__ import annotations

import re

_AWS_VOLUME = re.compile(r"(vol-[0-9a-f]{8,17})$")


def volume_id(cluster: str, name: str, provider_id: str = "") -> str:
    """The id of a volume: its cloud's where that is told, so that advice on it counts once.

    Args:
        cluster: The cluster's name.
        name: Its name in the cluster.
        provider_id: What the API tells of its cloud's id.

    Example:
        >>> volume_id("prod", "pvc-1"), volume_id("prod", "pvc-1", "aws://eu/vol-0123456789abcdef0")
        ('prod/persistentvolume/pvc-1', 'vol-0123456789abcdef0')
    """
    if known := _AWS_VOLUME.search(provider_id):
        return known[1]
    if provider_id.lower().startswith("/subscriptions/"):
        return provider_id.lower()
    return f"{cluster}/persistentvolume/{name}"
