"""The S3 buckets of a region: what they hold, and what their lifecycle rules say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_aws.access import explained
from finops_aws.checks.aws_check import Resource
from finops_aws.checks.list_prices import S3_GB_MONTH
from finops_aws.checks.region import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.region import Region

BUCKET_PERMISSIONS = ("s3:ListAllMyBuckets", "sts:GetCallerIdentity")
STANDARD_METERS = r"TimedStorage-ByteHrs"
"""Usage types of the class Standard; others have another word between."""

SIZE, OBJECTS = "BucketSizeBytes", "NumberOfObjects"
GIB = 2**30


def buckets(region: Region) -> Iterator[Resource]:
    """Every bucket whose data is in the region."""
    for told in region.pages(
        "s3:ListAllMyBuckets", "list_buckets", "Buckets", BucketRegion=region.name
    ):
        yield Resource(
            id=told["Name"],
            name=told["Name"],
            type="S3 Bucket",
            created=told["CreationDate"],
            told=told,
        )


def size_metric(bucket: Resource) -> Metric:
    """Bytes in the class Standard, once a day, old versions and unfinished uploads included."""
    return _storage_metric(bucket, SIZE, "StandardStorage")


def objects_metric(bucket: Resource) -> Metric:
    """Objects of all classes, once a day."""
    return _storage_metric(bucket, OBJECTS, "AllStorageTypes")


def _storage_metric(bucket: Resource, name: str, kind: str) -> Metric:
    dimensions = {"BucketName": bucket.id, "StorageType": kind}
    return Metric(namespace="AWS/S3", name=name, dimensions=dimensions)


def newest(bucket: Resource, name: str) -> float | None:
    """The last value of a metric; None where it has none."""
    values = bucket.metrics.get(name, ())
    return values[-1] if values else None


def standard_price(bucket: Resource) -> Decimal | None:
    """What the Standard data costs a month by list price; None if nobody knows how much it is."""
    size = newest(bucket, SIZE)
    return None if size is None else gibibytes(size) * S3_GB_MONTH["Standard"]


def gibibytes(size: float) -> Decimal:
    """Bytes in GiB, which S3 calls a gigabyte."""
    return Decimal(repr(size)) / GIB


def lifecycle_rules(region: Region, bucket: Resource) -> Sequence[Mapping[str, Any]]:
    """The rules in force; none where the bucket has no lifecycle.

    Raises:
        FinopsError: AWS refuses, in words.
    """
    from botocore.exceptions import ClientError

    with explained("s3:GetLifecycleConfiguration"):
        try:
            told = region.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket.id)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
                return ()
            raise
    return [rule for rule in told.get("Rules", ()) if rule["Status"] == "Enabled"]
