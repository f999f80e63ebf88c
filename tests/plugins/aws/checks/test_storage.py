"""Checks of volumes, snapshots and buckets, at the edges of what they may say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from finops_aws.aws_case import daily_metric
from finops_aws.checks.storage.bucket_lifecycle import BucketLifecycle
from finops_aws.checks.storage.buckets import GIB
from finops_aws.checks.storage.gp2_volumes import Gp2Volumes
from finops_aws.checks.storage.idle_volumes import IdleVolumes
from finops_aws.checks.storage.multipart_uploads import MultipartUploads
from finops_aws.checks.storage.old_snapshots import OldSnapshots
from finops_aws.checks.storage.storage_tiering import StorageTiering
from finops_cost_management import SavingsAnswer, SavingsBasis, daily_charges

pytestmark = pytest.mark.real_component

Find = Callable[..., SavingsAnswer]
Aws = Callable[[str], Any]
On = Callable[[datetime], Any]
SPRING = datetime(2026, 3, 1, tzinfo=UTC)


def volume(aws: Aws, size: int = 100, kind: str = "gp2") -> str:
    made = aws("ec2").create_volume(AvailabilityZone="us-east-1a", Size=size, VolumeType=kind)
    return str(made["VolumeId"])


def bucket(aws: Aws, name: str, gigabytes: float, *, objects: float = 1e6, days: int = 30) -> None:
    aws("s3").create_bucket(Bucket=name)
    size = {"BucketName": name, "StorageType": "StandardStorage"}
    count = {"BucketName": name, "StorageType": "AllStorageTypes"}
    daily_metric(aws, "AWS/S3", "BucketSizeBytes", size, [gigabytes * GIB] * days)
    daily_metric(aws, "AWS/S3", "NumberOfObjects", count, [objects] * days)


def rules(aws: Aws, name: str, **rule: Any) -> None:
    whole = {"ID": "rule", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}
    aws("s3").put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": [whole]}
    )


def upload(aws: Aws, name: str, size: int, key: str = "film.mp4") -> None:
    begun = aws("s3").create_multipart_upload(Bucket=name, Key=key)
    aws("s3").upload_part(
        Bucket=name, Key=key, UploadId=begun["UploadId"], PartNumber=1, Body=bytes(size)
    )


def refused(monkeypatch: pytest.MonkeyPatch, operation: str, code: str, message: str) -> None:
    """Let AWS refuse one operation, and answer all others."""
    send = BaseClient._make_api_call

    def answer(client: Any, name: str, arguments: Any) -> Any:
        if name == operation:
            raise ClientError({"Error": {"Code": code, "Message": message}}, name)
        return send(client, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)


class TestGp2Volumes:
    @pytest.mark.parametrize(
        ("size", "saving", "iops", "throughput"),
        [
            (100, "2.00", "3000", "125 MiB/s"),
            (1000, "20.00", "3000", "125 MiB/s"),
            (2000, "20.00", "6000", "250 MiB/s"),  # 40 less 15 for IOPS and 5 for throughput
            (6000, "50.00", "16000", "250 MiB/s"),  # 120 less 65 and 5: gp2 ends at 16,000 IOPS
        ],
    )
    def test_performance_is_matched_above_a_tebibyte(
        self, account: Aws, on: On, find: Find, size: int, saving: str, iops: str, throughput: str
    ) -> None:
        with on(SPRING):
            volume(account, size)
        (found,) = find(Gp2Volumes).findings
        assert found.estimated_monthly_savings == Decimal(saving)
        assert found.recommended_configuration["IOPS"] == iops
        assert found.recommended_configuration["throughput"] == throughput

    def test_a_match_that_costs_more_is_clean(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            volume(account, 200)  # a fifth of 20 USD is less than 125 MiB/s for 5 USD
        answer = find(Gp2Volumes, matched_above=0)
        assert (answer.clean, answer.findings) == (1, ())

    def test_only_the_storage_on_the_bill_is_priced(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            name = volume(account)
        bill = [
            *daily_charges("1", ResourceId=name, SkuMeter="EBS:VolumeUsage.gp2"),
            *daily_charges("9", ResourceId=name, SkuMeter="EBS:VolumeIOUsage"),
        ]
        (found,) = find(Gp2Volumes, bill).findings
        assert found.basis is SavingsBasis.OWN_COST
        assert found.current_cost == Decimal("30.44")
        assert found.estimated_monthly_savings == Decimal("6.09")


class TestIdleVolumes:
    def attached(self, aws: Aws) -> str:
        disk = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 100}}
        aws("ec2").run_instances(
            ImageId="ami-12345678", MinCount=1, MaxCount=1, BlockDeviceMappings=[disk]
        )
        return str(aws("ec2").describe_volumes()["Volumes"][0]["VolumeId"])

    def operations(self, aws: Aws, name: str, reads: float, days: int = 32) -> None:
        for metric, value in (("VolumeReadOps", reads), ("VolumeWriteOps", 0)):
            daily_metric(aws, "AWS/EBS", metric, {"VolumeId": name}, [value] * days)

    def test_fewer_than_one_operation_a_day_is_idle(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            name = self.attached(account)
        self.operations(account, name, 0.9)
        (found,) = find(IdleVolumes).findings
        assert found.evidence["reads and writes"] == "29 in 32 days"
        assert found.source == "metrics"

    def test_use_on_a_few_days_is_use(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            name = self.attached(account)
        self.operations(account, name, 500, days=3)
        assert find(IdleVolumes).clean == 1

    def test_a_stopped_instance_has_no_metrics(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            self.attached(account)
        (unknown,) = find(IdleVolumes).unknown
        assert "no metrics of VolumeReadOps" in unknown.reason
        assert "stopped" in unknown.reason

    def test_unattached_volumes_are_left_to_their_own_check(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            volume(account)
        assert find(IdleVolumes).checked == 0


class TestOldSnapshots:
    def test_a_gone_volume_makes_it_surer(self, account: Aws, on: On, find: Find) -> None:
        ec2 = account("ec2")
        with on(SPRING):
            kept, gone = volume(account), volume(account)
            ids = [ec2.create_snapshot(VolumeId=one)["SnapshotId"] for one in (kept, gone)]
            ec2.delete_volume(VolumeId=gone)
        found = {one.resource_id: one for one in find(OldSnapshots).findings}
        arns = [f"arn:aws:ec2:us-east-1:123456789012:snapshot/{one}" for one in ids]
        assert [found[arn].confidence for arn in arns] == [0.5, 0.8]
        assert found[arns[1]].estimated_monthly_savings == Decimal("5.00")
        assert "upper bound" in found[arns[1]].evidence

    def test_a_copy_has_no_volume_to_miss(
        self, account: Aws, on: On, find: Find, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ec2 = account("ec2")
        with on(SPRING):
            ec2.create_snapshot(VolumeId=volume(account))
        send = BaseClient._make_api_call

        def copied(client: Any, name: str, arguments: Any) -> Any:
            told = send(client, name, arguments)
            for one in told.get("Snapshots", ()):
                one["VolumeId"] = "vol-ffffffff"
            return told

        monkeypatch.setattr(BaseClient, "_make_api_call", copied)
        (found,) = find(OldSnapshots).findings
        assert found.confidence == 0.5

    def test_ninety_days_are_old(self, account: Aws, on: On, find: Find) -> None:
        ec2 = account("ec2")
        for day in (datetime(2026, 7, 3, tzinfo=UTC), datetime(2026, 7, 4, tzinfo=UTC)):
            with on(day):
                ec2.create_snapshot(VolumeId=volume(account))
        answer = find(OldSnapshots)
        assert (len(answer.findings), answer.clean) == (1, 1)

    def test_snapshots_of_others_are_not_looked_at(self, account: Aws, find: Find) -> None:
        assert len(account("ec2").describe_snapshots()["Snapshots"]) > 1000
        assert find(OldSnapshots).checked == 0


class TestBuckets:
    def test_each_bucket_is_looked_at_in_its_region(self, account: Aws, find: Find) -> None:
        bucket(account, "near", 2000)
        account("s3").create_bucket(
            Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        assert find(BucketLifecycle).checked == 1

    def test_the_estimate_says_that_it_is_one(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            bucket(account, "films", 1000)
        (found,) = find(BucketLifecycle, assumed_cold_share="0.5").findings
        # 1,000 GiB for 0.023 each, half of it for 0.0125 instead
        assert found.current_cost == Decimal("23.00")
        assert found.estimated_monthly_savings == Decimal("5.25")
        assert "assumed" in found.evidence["estimate"]

    def test_a_rule_that_is_off_is_no_rule(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            bucket(account, "films", 1000)
        rules(account, "films", Status="Disabled", Expiration={"Days": 9})
        assert len(find(BucketLifecycle).findings) == 1

    def test_a_denied_action_is_named(
        self, account: Aws, find: Find, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bucket(account, "films", 1000)
        refused(monkeypatch, "GetBucketLifecycleConfiguration", "AccessDenied", "Access Denied")
        (unknown,) = find(BucketLifecycle).unknown
        assert unknown.subject == "films"
        assert "s3:GetLifecycleConfiguration" in unknown.reason

    def test_a_busy_aws_is_unknown(
        self, account: Aws, find: Find, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bucket(account, "films", 1000)
        refused(monkeypatch, "ListBuckets", "SlowDown", "Please reduce your request rate.")
        (unknown,) = find(BucketLifecycle).unknown
        assert "busy" in unknown.reason
        assert "us-east-1" in unknown.subject


class TestMultipartUploads:
    @pytest.fixture
    def bill(self) -> list[dict[str, Any]]:
        return [
            *daily_charges("10", ResourceId="films", SkuMeter="USE1-TimedStorage-ByteHrs"),
            *daily_charges("90", ResourceId="films", SkuMeter="USE1-DataTransfer-Out-Bytes"),
        ]

    def test_the_saving_is_the_share_of_the_stuck_bytes(
        self, account: Aws, on: On, find: Find, bill: list[dict[str, Any]]
    ) -> None:
        with on(SPRING):
            bucket(account, "films", 4000 / GIB)
        upload(account, "films", 600)
        upload(account, "films", 400, key="other.mp4")
        (found,) = find(MultipartUploads, bill).findings
        assert found.current_cost == Decimal("304.38")  # storage alone
        assert found.estimated_monthly_savings == Decimal("76.10")  # a quarter of it, half up
        assert found.evidence["unfinished uploads"] == "2"

    def test_a_rule_for_a_prefix_leaves_the_others(
        self, account: Aws, on: On, find: Find, bill: list[dict[str, Any]]
    ) -> None:
        with on(SPRING):
            bucket(account, "films", 4000 / GIB)
        upload(account, "films", 1000)
        aborted = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
        rules(account, "films", Filter={"Prefix": "tmp/"}, **aborted)
        assert len(find(MultipartUploads, bill).findings) == 1
        rules(account, "films", **aborted)
        assert find(MultipartUploads, bill).clean == 1

    def test_more_uploads_than_are_measured(
        self, account: Aws, on: On, find: Find, bill: list[dict[str, Any]]
    ) -> None:
        with on(SPRING):
            bucket(account, "films", 4000 / GIB)
        for number in range(3):
            upload(account, "films", 100, key=str(number))
        (found,) = find(MultipartUploads, bill, maximum_uploads=2).findings
        assert found.evidence["unfinished uploads"] == "2 of more"


class TestStorageTiering:
    def reads(self, aws: Aws, gigabytes: float, days: int = 30) -> None:
        of = {"BucketName": "films", "FilterId": "EntireBucket"}
        daily_metric(aws, "AWS/S3", "BytesDownloaded", of, [gigabytes * GIB] * days)

    def test_what_is_not_read_gets_cheaper_less_the_fee(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            bucket(account, "films", 10_000)
        self.reads(account, 10_000 * 0.1 / 30)
        (found,) = find(StorageTiering).findings
        # 90 % of 10,000 GiB for 0.0105 less, less 2.50 for a million objects
        assert float(found.estimated_monthly_savings) == pytest.approx(94.5 - 2.5, abs=0.01)

    def test_requests_on_the_bill_stand_in_for_metrics(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            bucket(account, "films", 10_000)
        bill = [
            *daily_charges("7", ResourceId="films", SkuMeter="USE1-TimedStorage-ByteHrs"),
            *daily_charges("0.001", ResourceId="films", SkuMeter="USE1-Requests-Tier2"),
        ]
        (found,) = find(StorageTiering, bill).findings
        assert found.confidence == 0.5
        assert "requests on the bill" in found.evidence["read in 30 days"]

    def test_requests_in_other_money_are_not_counted(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            bucket(account, "films", 10_000)
        named: dict[str, Any] = {"ResourceId": "films", "BillingCurrency": "EUR"}
        bill = [
            *daily_charges("7", SkuMeter="EUC1-TimedStorage-ByteHrs", **named),
            *daily_charges("0.001", SkuMeter="EUC1-Requests-Tier2", **named),
        ]
        (unknown,) = find(StorageTiering, bill).unknown
        assert "turn on its request metrics" in unknown.reason

    def test_a_bucket_that_moves_its_data_is_clean(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            bucket(account, "films", 10_000)
        self.reads(account, 1)
        moved = [{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}]
        rules(account, "films", Transitions=moved)
        assert find(StorageTiering).clean == 1
