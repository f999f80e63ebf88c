"""Uploads to S3 that were begun and never finished: their parts cost, and no listing has them."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase, daily_metric
from finops_aws.checks.aws_check import AwsCheck, AwsCheckOptions
from finops_aws.checks.measured import measured
from finops_aws.checks.storage.buckets import (
    BUCKET_PERMISSIONS,
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finops_aws.checks.aws_check import Resource
    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase


class MultipartUploadsOptions(AwsCheckOptions):
    """From when on an upload is stuck."""

    lookback_days: int = Field(default=7, ge=1, le=93)
    """How old an upload must be, and over how many days the cost of the bucket is averaged."""

    minimum_savings: Decimal = Field(default=Decimal("0.1"), ge=0)
    """Saving per month, in the currency of the bill, below which a bucket is clean."""

    maximum_uploads: int = Field(default=1_000, ge=1)
    """How many stuck uploads of a bucket are measured, one request each; the others are counted
    as nothing."""


class MultipartUploads(AwsCheck[MultipartUploadsOptions]):
    """Finds buckets with unfinished uploads, and without a rule that aborts them."""

    Options = MultipartUploadsOptions
    use = "aws.multipart_uploads"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudwatch:GetMetricData",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucketMultipartUploads",
        "s3:ListMultipartUploadParts",
        *BUCKET_PERMISSIONS,
    )

    def resources(self, region: Region) -> Iterator[Resource]:
        """Every bucket of the region, with its size."""
        return measured(region, list(buckets(region)), lambda one: {SIZE: size_metric(one)})

    def list_price(self, resource: Resource, region: Region) -> Decimal | None:  # noqa: ARG002 # one price list
        """What its Standard data costs, unfinished uploads included."""
        return standard_price(resource)

    def judge(self, resource: Resource, region: Region) -> Recommendation | str | None:
        """Stuck is what is older than the look-back, where no rule aborts it."""
        if any(_aborts_all(rule) for rule in lifecycle_rules(region, resource)):
            return None
        found = region.pages(
            "s3:ListBucketMultipartUploads",
            "list_multipart_uploads",
            "Uploads",
            Bucket=resource.id,
        )
        # One more than are measured, to know whether there are more.
        stuck = list(
            islice(
                (one for one in found if one["Initiated"] <= region.since),
                self.options.maximum_uploads + 1,
            )
        )
        if not stuck:
            return None
        measured = stuck[: self.options.maximum_uploads]
        size = sum(_bytes_of(region, resource.id, upload) for upload in measured)
        if not size:
            return None
        total = newest(resource, SIZE)
        if not total:
            return f"no metrics of {SIZE}: the share of the unfinished uploads cannot be told"
        oldest = min(one["Initiated"] for one in stuck)
        count = f"{len(measured):,}" + (" of more" if len(stuck) > len(measured) else "")
        days = self.options.lookback_days
        return self.advice(
            resource,
            region,
            self.price(resource, region, meters=STANDARD_METERS),
            share=min(gibibytes(size) / gibibytes(total), Decimal(1)),
            category=OptimizationCategory.STORAGE,
            recommendation=(
                f"Let the bucket {resource.label} abort uploads that are not finished after "
                f"{days} days"
            ),
            steps=(
                "See whether a program resumes uploads after so many days.",
                f"Add a lifecycle rule for the whole bucket that aborts them after {days} days.",
                "Wait for a day or two, until the rule has worked.",
            ),
            current_configuration={"unfinished uploads": count, "abort rule": "none for all"},
            recommended_configuration={"abort rule": f"after {days} days"},
            confidence=0.95,
            implementation_effort=Effort.LOW,
            risk=Risk.LOW,
            reversible=False,
            evidence={
                "unfinished uploads": count,
                "their parts": f"{gibibytes(size):,.2f} GiB",
                "size of the bucket": f"{gibibytes(total):,.2f} GiB in Standard",
                "oldest": f"{oldest:%Y-%m-%d}",
            },
        )

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """A stuck upload, one that a rule aborts, one in a bucket of unknown size."""

        def upload(*, rule: bool = False, known: bool = True) -> Any:
            def make(aws: Any) -> None:
                s3, name = aws("s3"), "finops-case"
                s3.create_bucket(Bucket=name)
                begun = s3.create_multipart_upload(Bucket=name, Key="film.mp4")
                s3.upload_part(
                    Bucket=name,
                    Key="film.mp4",
                    UploadId=begun["UploadId"],
                    PartNumber=1,
                    Body=bytes(10_000),
                )
                if rule:
                    s3.put_bucket_lifecycle_configuration(
                        Bucket=name, LifecycleConfiguration={"Rules": [_RULE]}
                    )
                if known:
                    of = {"BucketName": name, "StorageType": "StandardStorage"}
                    daily_metric(aws, "AWS/S3", SIZE, of, [20_000.0] * 7)

            return make

        bill = _case_bill()
        return (
            AwsCase(name="a stuck upload", verdict="finding", made=upload(), charges=bill),
            AwsCase(
                name="a rule aborts uploads", verdict="clean", made=upload(rule=True), charges=bill
            ),
            AwsCase(
                name="nobody knows the size of the bucket",
                verdict="unknown",
                made=upload(known=False),
                charges=bill,
            ),
        )


def _case_bill() -> list[dict[str, Any]]:
    from finops_cost_management import daily_charges

    return daily_charges("0.40", ResourceId="finops-case", SkuMeter="USE1-TimedStorage-ByteHrs")


def _bytes_of(region: Region, bucket: str, upload: Mapping[str, Any]) -> int:
    parts = region.pages(
        "s3:ListMultipartUploadParts",
        "list_parts",
        "Parts",
        Bucket=bucket,
        Key=upload["Key"],
        UploadId=upload["UploadId"],
    )
    return sum(part["Size"] for part in parts)


def _aborts_all(rule: Mapping[str, Any]) -> bool:
    """Whether a rule aborts unfinished uploads, whatever their key."""
    if "AbortIncompleteMultipartUpload" not in rule:
        return False
    which = rule.get("Filter", {})
    return not (rule.get("Prefix") or which.get("Prefix") or set(which) - {"Prefix"})


_RULE = {
    "ID": "stuck-ones",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
