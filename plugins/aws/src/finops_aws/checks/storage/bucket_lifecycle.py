"""S3 buckets without any lifecycle rule."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase, daily_metric
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions
from finops_aws.checks.list_prices import S3_GB_MONTH
from finops_aws.checks.measured import measured
from finops_aws.checks.storage.buckets import (
    BUCKET_PERMISSIONS,
    GIB,
    SIZE,
    STANDARD_METERS,
    buckets,
    gibibytes,
    lifecycle_rules,
    newest,
    size_metric,
    standard_price,
)
from finops_cost_management import Effort, OptimizationCategory, Risk
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class BucketLifecycleOptions(AwsCheckOptions):
    """Which buckets are worth a rule, and how much of their data ages."""

    minimum_size: Decimal = Field(default=Decimal(100), ge=0)
    """GiB in the class Standard below which a bucket is clean."""

    assumed_cold_share: Decimal = Field(default=Decimal("0.3"), gt=0, le=1)
    """Share of the data that is assumed to be old enough for a class for rare reads."""


class BucketLifecycle(AwsCheck[BucketLifecycleOptions]):
    """Finds large buckets without a lifecycle rule: their data stays in the dearest class for ever.

    How old the objects are, neither the bill nor CloudWatch says: the saving is an estimate.
    """

    Options = BucketLifecycleOptions
    use = "aws.bucket_lifecycle"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "s3:GetLifecycleConfiguration",
        *BUCKET_PERMISSIONS,
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every bucket of the region, with its size."""
        return measured(region, list(buckets(region)), lambda one: {SIZE: size_metric(one)})

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """What its Standard data costs."""
        return standard_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """A rule of any kind is clean: somebody has thought about it."""
        if lifecycle_rules(region, resource):
            return None
        size = newest(resource, SIZE)
        if size is None:
            return f"no metrics of {SIZE}: it is empty, or has another class than Standard"
        held, share = gibibytes(size), self.options.assumed_cold_share
        if held < self.options.minimum_size:
            return None
        cheaper = 1 - S3_GB_MONTH["Infrequent Access"] / S3_GB_MONTH["Standard"]
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=STANDARD_METERS),
            share=share * cheaper,
            category=OptimizationCategory.STORAGE,
            recommendation=f"Give the bucket {resource.label} lifecycle rules: it has none",
            steps=(
                "See in S3 Storage Lens or S3 Inventory how old the objects are, and how large.",
                "Ask for how long they must be kept, and who reads them.",
                (
                    "Add rules: old objects to a cheaper class, old versions and what nobody needs "
                    "deleted, unfinished uploads aborted after 7 days."
                ),
                "Try a rule on one prefix first: what it deletes does not come back.",
            ),
            current_configuration={
                "lifecycle rules": "none",
                "size in Standard": f"{held:,.0f} GiB",
            },
            recommended_configuration={
                "lifecycle rules": "old data to Standard-IA, unfinished uploads aborted"
            },
            confidence=0.4,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.MEDIUM,
            reversible=True,
            evidence={
                "size in Standard": f"{held:,.0f} GiB",
                "lifecycle rules": "none",
                "estimate": (
                    f"{percent(share)} of the data is assumed to be old enough for Standard-IA, "
                    f"which costs {percent(cheaper)} less; fees for moving and reading are left out"
                ),
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A large bucket without rules, one with a rule, a small one, one without metrics."""

        def bucket(*, gigabytes: int = 0, rule: bool = False) -> Any:
            def make(aws: Any) -> None:
                aws("s3").create_bucket(Bucket="finops-case")
                if rule:
                    aws("s3").put_bucket_lifecycle_configuration(
                        Bucket="finops-case", LifecycleConfiguration={"Rules": [_RULE]}
                    )
                if gigabytes:
                    of = {"BucketName": "finops-case", "StorageType": "StandardStorage"}
                    daily_metric(aws, "AWS/S3", SIZE, of, [gigabytes * GIB] * 14)

            return make

        return (
            AwsCase(name="no rules", verdict="finding", made=bucket(gigabytes=2_000)),
            AwsCase(name="a rule", verdict="clean", made=bucket(gigabytes=2_000, rule=True)),
            AwsCase(name="a small bucket", verdict="clean", made=bucket(gigabytes=2)),
            AwsCase(name="nobody knows its size", verdict="unknown", made=bucket()),
        )


_RULE = {
    "ID": "old-ones",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "Transitions": [{"Days": 90, "StorageClass": "STANDARD_IA"}],
}
