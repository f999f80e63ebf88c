"""One spelling for the id of a resource, so that advice on it from several sides meets.

Bills of AWS (CUR and FOCUS exports) write instances and volumes by their bare id, S3 buckets by
their name, and everything else by its whole ARN. AWS's advisers write ARNs throughout.
"""

from __future__ import annotations

import re

_BARE = re.compile(r"^arn:[\w-]+:ec2:[^:]*:[^:]*:(?:instance|volume)/(.+)$")
_BUCKET = re.compile(r"^arn:[\w-]+:s3:::([^/]+)$")
_FUNCTION = re.compile(r"^(arn:[\w-]+:lambda:[^:]*:[^:]*:function:[^:]+)(?::.+)?$")


def billed_id(resource: str) -> str:
    """The id of a resource as bills of AWS write it.

    Args:
        resource: An ARN, or what is no ARN: that stays as it is.

    Example:
        >>> billed_id("arn:aws:ec2:us-east-1:012345678901:instance/i-0ab")
        'i-0ab'
        >>> billed_id("arn:aws:lambda:us-east-1:012345678901:function:mail:$LATEST")
        'arn:aws:lambda:us-east-1:012345678901:function:mail'
    """
    for pattern in (_BARE, _BUCKET, _FUNCTION):
        if found := pattern.match(resource):
            return found[1]
    return resource


def region_of(arn: str) -> str | None:
    """The region that an ARN names; None where it names none."""
    parts = arn.split(":")
    return (parts[3] or None) if len(parts) > 5 else None  # noqa: PLR2004 # arn:aws:ec2:region:account:rest
