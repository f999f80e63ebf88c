"""Public list prices of what AWS sells at one price each: for resources that no bill names.

They are those of us-east-1, in USD, of November 2026: other regions cost up to a third more, so a
saving on this basis is a careful one. Evidence says that it is a list price.
"""

from __future__ import annotations

from decimal import Decimal

HOURS_A_MONTH = Decimal("730.5")
"""Hours of 30.4375 days."""

VOLUME_GB_MONTH = {
    "gp2": Decimal("0.10"),
    "gp3": Decimal("0.08"),
    "io1": Decimal("0.125"),
    "io2": Decimal("0.125"),
    "st1": Decimal("0.045"),
    "sc1": Decimal("0.015"),
    "standard": Decimal("0.05"),
}
"""EBS volume type → GB-month."""

SNAPSHOT_GB_MONTH = Decimal("0.05")
PUBLIC_IPV4_HOUR = Decimal("0.005")
NAT_GATEWAY_HOUR = Decimal("0.045")
LOAD_BALANCER_HOUR = {
    "application": Decimal("0.0225"),
    "network": Decimal("0.0225"),
    "gateway": Decimal("0.0125"),
    "classic": Decimal("0.025"),
}

GP3_IOPS_MONTH = Decimal("0.005")
"""One provisioned operation a second of a gp3 volume, above those that are included."""

GP3_MIBPS_MONTH = Decimal("0.04")
"""One provisioned MiB a second of a gp3 volume, above those that are included."""

NAT_GATEWAY_GB = Decimal("0.045")
S3_GB_MONTH = {
    "Standard": Decimal("0.023"),
    "Infrequent Access": Decimal("0.0125"),
}
"""Storage class of S3 → GB-month of the first 50 TB."""

S3_MONITORED_OBJECT_MONTH = Decimal("0.0000025")
"""One object of at least 128 KiB in Intelligent-Tiering."""

S3_GET_REQUEST = Decimal("0.0000004")
CLOUDFRONT_GB = Decimal("0.085")
"""To readers in North America and Europe, the first 10 TB."""

CLOUDFRONT_FREE_GB = Decimal(1000)
"""What the accounts that share a bill may send from CloudFront in a month free of charge."""
