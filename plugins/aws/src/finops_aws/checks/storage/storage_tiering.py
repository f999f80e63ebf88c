"""S3 data in the class Standard that is hardly read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase, daily_metric
from finops_aws.checks.aws_check import AwsCheck
from finops_aws.checks.list_prices import (
    S3_GB_MONTH,
    S3_GET_REQUEST,
    S3_MONITORED_OBJECT_MONTH,
)
from finops_aws.checks.measured import MeasuredOptions, measured, why_unmeasured
from finops_aws.checks.region import Metric
from finops_aws.checks.storage.buckets import (
    BUCKET_PERMISSIONS,
    GIB,
    OBJECTS,
    SIZE,
    STANDARD_METERS,
    buckets,
    gibibytes,
    lifecycle_rules,
    newest,
    objects_metric,
    size_metric,
    standard_price,
)
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.aws_check import Price, Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_READ = "BytesDownloaded"
_MONTH = Decimal(30)
_READS = r"Requests-Tier2$"
_REQUESTS = r"Requests-Tier[12]$"


class StorageTieringOptions(MeasuredOptions):
    """What counts as hardly read, and which buckets are worth a word."""

    lookback_days: int = Field(default=30, ge=30, le=93)
    """How many days of reads are looked at: data moves down after 30 days without one."""

    minimum_size: Decimal = Field(default=Decimal(100), ge=0)
    """GiB in the class Standard below which a bucket is clean."""

    minimum_object_size: int = Field(default=131_072, ge=0)
    """Bytes of an average object below which it is clean: smaller ones do not move."""

    maximum_read_share: Decimal = Field(default=Decimal("0.2"), ge=0, lt=1)
    """Bytes read in 30 days, as a share of those that are held, above which a bucket is clean."""

    request_metrics: str = Field(default="EntireBucket", min_length=1)
    """Id of the request metrics of whole buckets; this is what the console calls them."""


class StorageTiering(AwsCheck[StorageTieringOptions]):
    """Finds buckets whose Standard data could move to Intelligent-Tiering.

    Where a share of the bytes is read in a month, at least the rest is not. Reads are those of the
    bucket's request metrics, else those that the bill charges for; without either it is unknown.
    """

    Options = StorageTieringOptions
    use = "aws.storage_tiering"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "s3:GetLifecycleConfiguration",
        *BUCKET_PERMISSIONS,
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every bucket of the region, with its size, objects and reads."""

        def wanted(bucket: Resource) -> Mapping[str, Metric]:
            of = {"BucketName": bucket.id, "FilterId": self.options.request_metrics}
            reads = Metric(namespace="AWS/S3", name=_READ, dimensions=of, statistic="Sum")
            return {SIZE: size_metric(bucket), OBJECTS: objects_metric(bucket), _READ: reads}

        return measured(region, list(buckets(region)), wanted)

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """What its Standard data costs."""
        return standard_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Hardly read is what reads a small share of what it holds."""
        size, objects = newest(resource, SIZE), newest(resource, OBJECTS)
        if size is None or not objects:
            return f"no metrics of {SIZE if size is None else OBJECTS}"
        is_small = gibibytes(size) < self.options.minimum_size
        if is_small or size / objects < self.options.minimum_object_size:
            return None
        if any(rule.get("Transitions") for rule in lifecycle_rules(region, resource)):
            return None
        price = self.price(resource, region, meters=STANDARD_METERS)
        read = self._read(resource, price, Decimal(repr(size / objects)))
        if isinstance(read, str):
            return read
        amount, source = read
        share = amount / Decimal(repr(size))
        if share > self.options.maximum_read_share:
            return None
        return self._found(resource, region, price, share=share, source=source)

    def _read(
        self, resource: Resource, price: Price | None, object_size: Decimal
    ) -> tuple[Decimal, str] | str:
        """Bytes that are read in 30 days, and who says so; the reason where nobody does."""
        reason = why_unmeasured(resource, (_READ,), self.options)
        if reason is None:
            values = resource.metrics[_READ]
            read = Decimal(repr(sum(values))) / len(values) * _MONTH
            return read, "request metrics"
        own = None if price is None else price.own
        if own is None or own.currency != "USD" or not own.of_meters(_REQUESTS):
            return f"{reason}, and no requests on the bill: turn on its request metrics"
        # No bill says how much a request reads: an average object, as the next best.
        requests = own.of_meters(_READS) / S3_GET_REQUEST
        return requests * object_size, "requests on the bill, of an average object each"

    def _found(
        self,
        resource: Resource,
        region: Region,
        price: Price | None,
        *,
        share: Decimal,
        source: str,
    ) -> Recommendation | str | None:
        held = gibibytes(resource.metrics[SIZE][-1])
        objects = Decimal(repr(resource.metrics[OBJECTS][-1]))
        cheaper = 1 - S3_GB_MONTH["Infrequent Access"] / S3_GB_MONTH["Standard"]
        fee = objects * S3_MONITORED_OBJECT_MONTH / (held * S3_GB_MONTH["Standard"])
        measured = source == "request metrics"
        return self.advice(
            resource,
            region,
            price,
            share=max((1 - share) * cheaper - fee, Decimal(0)),
            category=OptimizationCategory.STORAGE,
            recommendation=(
                f"Move the Standard data of the bucket {resource.label} to Intelligent-Tiering: "
                f"at least {percent(1 - share)} of it is not read in a month"
            ),
            steps=(
                "See in S3 Storage Lens how many objects are below 128 KB: they stay as they are.",
                "Add a lifecycle rule that moves objects to Intelligent-Tiering after 0 days.",
                "Let programs that write much write into that class at once.",
                "Compare the bill after two months: data moves down after 30 days without a read.",
            ),
            current_configuration={"class": "Standard", "size": f"{held:,.0f} GiB"},
            recommended_configuration={"class": "Intelligent-Tiering"},
            confidence=0.75 if measured else 0.5,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            reversible=True,
            evidence={
                "size in Standard": f"{held:,.0f} GiB",
                "objects": f"{objects:,.0f}",
                "read in 30 days": f"{percent(share)} of it, by {source}",
                "estimate": (
                    f"what is not read costs {percent(cheaper)} less after 30 days; the fee for "
                    f"watching objects takes {percent(fee)} back; the request that moves each "
                    "object once is left out"
                ),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A bucket that is hardly read, one that is, one of small objects, one nobody watches."""

        def bucket(*, read: float | None, objects: float = 1_000_000) -> Any:
            def make(aws: Any) -> None:
                name = "finops-case"
                aws("s3").create_bucket(Bucket=name)
                size = {"BucketName": name, "StorageType": "StandardStorage"}
                count = {"BucketName": name, "StorageType": "AllStorageTypes"}
                daily_metric(aws, "AWS/S3", SIZE, size, [2_000.0 * GIB] * 30)
                daily_metric(aws, "AWS/S3", OBJECTS, count, [objects] * 30)
                if read is not None:
                    reads = {"BucketName": name, "FilterId": "EntireBucket"}
                    daily_metric(aws, "AWS/S3", _READ, reads, [read * GIB] * 30)

            return make

        return (
            AwsCase(name="hardly read", verdict="finding", made=bucket(read=2)),
            AwsCase(name="read every day", verdict="clean", made=bucket(read=200)),
            AwsCase(name="small objects", verdict="clean", made=bucket(read=2, objects=1e9)),
            AwsCase(name="nobody watches reads", verdict="unknown", made=bucket(read=None)),
        )
