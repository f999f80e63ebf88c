"""Exports as they lie in a bucket: manifests first, whole months, nothing twice."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from finops_aws.access import client
from finops_aws.cost_and_usage import CostAndUsage, CostAndUsageOptions
from finops_aws.deliveries.places import Folder
from finops_aws.focus_export import FocusExport, FocusExportOptions
from finops_cost_management import (
    AccessError,
    CostStore,
    DataError,
    DateWindow,
    FinopsError,
    RetryLaterError,
    Source,
)
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.caller import ComponentCaller
from finops_cost_management.testing import SourceContract

pytestmark = pytest.mark.invented

WINDOW = DateWindow(date(2026, 8, 15), date(2026, 10, 1))
Item = dict[str, str]
MakeItem = Callable[..., Item]


def text_of(items: list[Item]) -> str:
    names = list(items[0])
    lines = [",".join(names), *(",".join(one[name] for name in names) for one in items)]
    return "\n".join(lines) + "\n"


class Export:
    """A CUR 2.0 data export in a folder, as AWS writes it."""

    def __init__(self, folder: Path, item: MakeItem) -> None:
        self.folder = folder
        self.item = item

    def deliver(
        self,
        period: str,
        cost: str,
        *,
        execution: str = "e1",
        refresh: str = "",
        manifest: bool = True,
        parts: int = 1,
        folder: str = "BILLING_PERIOD",
    ) -> None:
        """A delivery; ``refresh`` is the folder of a delivery that overwrites nothing."""
        inner = f"{folder}={period}/" + (f"{refresh}/" if refresh else "")
        addresses = []
        for number in range(parts):
            name = f"cur-{number:05}.csv.gz"
            path = self.folder / "data" / inner / name
            path.parent.mkdir(parents=True, exist_ok=True)
            one = self.item(
                "Usage",
                cost,
                bill_billing_period_start_date=f"{period}-01T00:00:00.000Z",
                line_item_usage_start_date=f"{period}-20T04:00:00.000Z",
                line_item_usage_end_date=f"{period}-20T05:00:00.000Z",
            )
            path.write_bytes(gzip.compress(text_of([one]).encode()))
            addresses.append(f"s3://bills/exports/cur/data/{inner}{name}")
        if manifest:
            self.manifest(period, addresses, execution=execution, refresh=refresh, folder=folder)

    def manifest(
        self,
        period: str,
        files: list[str],
        *,
        execution: str = "e1",
        refresh: str = "",
        folder: str = "BILLING_PERIOD",
    ) -> None:
        inner = f"{folder}={period}/" + (f"{refresh}/" if refresh else "")
        path = self.folder / "metadata" / inner / "cur-Manifest.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(
                {
                    "executionId": execution,
                    "exportArn": "arn:aws:bcm-data-exports:us-east-1:1:export/cur",
                    "dataFiles": files,
                }
            )
        )


@pytest.fixture
def export(tmp_path: Path, item: MakeItem) -> Export:
    return Export(tmp_path / "export", item)


@pytest.fixture
def costs_of(tmp_path: Path, engine: Engine) -> Callable[..., dict[str, Decimal]]:
    """Collects from a path into one store, and tells the billed cost of each month."""
    store = CostStore(tmp_path / "store")

    def collect(path: object, source: type[Source[Any]] = CostAndUsage) -> dict[str, Decimal]:
        component = source(source.Options.model_validate({"path": str(path)}), name="aws")
        caller = ComponentCaller()
        caller.add(component)
        results = [
            store.ingest("aws", delivery, engine)
            for delivery in caller.call(component, window=WINDOW, engine=engine)
        ]
        collect.results = results  # type: ignore[attr-defined] # for the tests that ask
        rows, _ = store.table(engine)
        months = rows.ChargePeriodStart.strftime("%Y-%m")
        sums = rows.group_by(Month=months).aggregate(Cost=rows.BilledCost.sum())
        return {row["Month"]: row["Cost"] for row in sums.to_pyarrow().to_pylist()}

    return collect


Costs = Callable[..., dict[str, Decimal]]


def test_each_month_comes_in_whole(export: Export, costs_of: Costs) -> None:
    export.deliver("2026-08", "1", parts=3)
    export.deliver("2026-09", "10")
    export.deliver("2026-05", "100")  # outside the window
    export.deliver("2026-10", "1000")  # its first day is where the window ends

    assert costs_of(export.folder) == {"2026-08": 3, "2026-09": 10}


def test_an_execution_is_read_once(export: Export, costs_of: Costs) -> None:
    export.deliver("2026-09", "10")
    costs_of(export.folder)
    shutil.rmtree(export.folder / "data")  # nothing of it is read again
    costs_of(export.folder)

    assert [one.skipped for one in costs_of.results] == [True]  # type: ignore[attr-defined] # set by the fixture


def test_an_overwritten_month_is_replaced(export: Export, costs_of: Costs) -> None:
    export.deliver("2026-09", "10", execution="e1")
    costs_of(export.folder)
    export.deliver("2026-09", "11", execution="e2")

    assert costs_of(export.folder) == {"2026-09": 11}


def test_of_folders_for_each_delivery_only_the_newest_counts(
    export: Export, costs_of: Costs
) -> None:
    export.deliver("2026-09", "10", execution="a", refresh="2026-09-11T01:02:03.000Z-a")
    export.deliver("2026-09", "12", execution="b", refresh="2026-09-12T01:02:03.000Z-b")
    export.deliver("2026-09", "11", execution="c", refresh="2026-09-11T20:00:00.000Z-c")

    assert costs_of(export.folder) == {"2026-09": 12}


def test_folders_of_periods_are_found_in_any_letter_case(export: Export, costs_of: Costs) -> None:
    """CUR 2.0 has them in capitals, exports in FOCUS in small letters."""
    export.deliver("2026-08", "1", folder="billing_period")
    for hour, cost in ((1, "10"), (3, "12"), (2, "11")):
        refresh = f"2026-09-12T0{hour}:02:03.000Z-{cost}"
        export.deliver("2026-09", cost, execution=cost, refresh=refresh, folder="billing_period")
    export.deliver("2026-05", "100", folder="billing_period")  # outside the window

    assert costs_of(export.folder) == {"2026-08": 1, "2026-09": 12}
    (export.folder / "metadata").rename(export.folder / "Metadata")
    for manifest in (export.folder / "Metadata").rglob("*.json"):
        manifest.rename(manifest.with_name("cur-manifest.json"))
    assert costs_of(export.folder) == {"2026-08": 1, "2026-09": 12}
    assert all(one.skipped for one in costs_of.results)  # type: ignore[attr-defined] # set by the fixture


def test_parts_of_two_deliveries_are_not_mixed(
    export: Export, costs_of: Costs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that overwrites its files does so between the first part and the second."""
    export.deliver("2026-09", "10", execution="e1", parts=2)
    fetch, fetched = Folder.fetch, []

    def overwritten(place: Folder, key: str, target: Path) -> None:
        fetch(place, key, target)
        fetched.append(key)
        if len(fetched) == 1:
            export.deliver("2026-09", "30", execution="e2", parts=2)

    monkeypatch.setattr(Folder, "fetch", overwritten)
    assert costs_of(export.folder) == {"2026-09": 60}
    assert len(fetched) == 4


def test_a_part_that_is_gone_is_looked_for_in_the_manifest_again(
    export: Export, costs_of: Costs, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.deliver("2026-09", "10", execution="e1", parts=3)
    fetch = Folder.fetch

    def overwritten(place: Folder, key: str, target: Path) -> None:
        if key.endswith("cur-00002.csv.gz"):  # the next delivery has one part less
            (export.folder / key).unlink()
            export.deliver("2026-09", "30", execution="e2", parts=2)
        fetch(place, key, target)

    monkeypatch.setattr(Folder, "fetch", overwritten)
    assert costs_of(export.folder) == {"2026-09": 60}


def test_a_month_that_changes_all_the_time_is_read_later(
    export: Export, costs_of: Costs, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.deliver("2026-08", "1")
    costs_of(export.folder)
    export.deliver("2026-08", "2", execution="e2")
    fetch, fetched = Folder.fetch, []

    def overwritten(place: Folder, key: str, target: Path) -> None:
        fetch(place, key, target)
        fetched.append(key)
        export.deliver("2026-08", "3", execution=f"next-{len(fetched)}")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "fetch", overwritten)
        with pytest.raises(RetryLaterError, match="changed 3 times"):
            costs_of(export.folder)
    assert len(fetched) == 3
    assert costs_of(export.folder) == {"2026-08": 3}


@pytest.mark.parametrize(
    "address", ["{outside}", "s3://bills{outside}", "../secret.csv", "s3://bills/cur/../secret.csv"]
)
def test_no_address_leads_out_of_the_folder(
    export: Export, costs_of: Costs, item: MakeItem, tmp_path: Path, address: str
) -> None:
    outside = tmp_path / "secret.csv"
    outside.write_text(text_of([item("Usage", "99")]))
    export.deliver("2026-09", "10")
    export.manifest("2026-09", [address.format(outside=outside)])

    with pytest.raises((DataError, AccessError), match=r"not below it|cannot read"):
        costs_of(export.folder)
    place = Folder(export.folder)
    try:
        key = place.key_of(address.format(outside=outside))
    except DataError:
        return
    assert (export.folder / key).resolve().is_relative_to(export.folder.resolve())


def test_half_a_delivery_is_not_seen(export: Export, costs_of: Costs) -> None:
    export.deliver("2026-08", "1")
    export.deliver("2026-09", "10", refresh="2026-09-11T01:02:03.000Z-a", manifest=False)

    assert costs_of(export.folder) == {"2026-08": 1}


def test_a_manifest_that_names_a_missing_part_fails_its_month_only(
    export: Export, costs_of: Costs
) -> None:
    export.deliver("2026-08", "1")
    export.deliver("2026-09", "10")
    assert costs_of(export.folder) == {"2026-08": 1, "2026-09": 10}
    export.manifest(
        "2026-09",
        ["s3://bills/exports/cur/data/BILLING_PERIOD=2026-09/lost.csv.gz"],
        execution="e9",
    )
    with pytest.raises(AccessError, match=r"lost.csv.gz"):
        costs_of(export.folder)
    shutil.rmtree(export.folder / "metadata" / "BILLING_PERIOD=2026-09")

    assert costs_of(export.folder) == {"2026-08": 1, "2026-09": 10}  # the store keeps what it had


def test_a_part_without_a_byte_is_said(export: Export, costs_of: Costs) -> None:
    export.deliver("2026-09", "10")
    (part,) = (export.folder / "data").rglob("*.csv.gz")
    part.write_bytes(b"")

    with pytest.raises(DataError, match="is empty; wait for the next delivery"):
        costs_of(export.folder)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"executionId": "e", "dataFiles": "x"}',
        '{"dataFiles": []}',
        '{"executionId": "", "assemblyId": null, "dataFiles": ["x"]}',
    ],
)
def test_a_broken_manifest_is_said(export: Export, costs_of: Costs, content: str) -> None:
    export.deliver("2026-09", "10")
    (manifest,) = (export.folder / "metadata").rglob("*.json")
    manifest.write_text(content)

    with pytest.raises(DataError, match=r"is no manifest|names no file|which delivery it is"):
        costs_of(export.folder)


def test_no_delivery_at_all_says_what_to_check(tmp_path: Path, costs_of: Costs) -> None:
    with pytest.raises(AccessError, match="no delivery for 2026-08 to 2026-09 at"):
        costs_of(tmp_path)
    with pytest.raises(AccessError, match="there is no folder"):
        costs_of(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "named",
    [
        {"exportArn": "arn:other"},
        {"exportArn": "arn:aws:bcm-data-exports:us-east-1:1:export/cur"},
        {},
    ],
)
def test_two_exports_in_one_place_are_refused(
    export: Export, costs_of: Costs, named: dict[str, str]
) -> None:
    """Whatever they are called: a month is replaced as a whole, so one would go under."""
    export.deliver("2026-09", "10")
    path = export.folder / "metadata/BILLING_PERIOD=2026-09/other-Manifest.json"
    path.write_text(json.dumps({"executionId": "x", "dataFiles": ["s3://b/x"], **named}))

    with pytest.raises(DataError, match=r"several exports of the same months: cur, other"):
        costs_of(export.folder)


def test_two_exports_of_one_name_are_refused_too(export: Export, costs_of: Costs) -> None:
    export.deliver("2026-09", "10")
    shutil.copytree(export.folder, export.folder.parent / "all" / "live" / "cur")
    shutil.copytree(export.folder, export.folder.parent / "all" / "test" / "cur")

    with pytest.raises(DataError, match=r"same months: live/cur/cur, test/cur/cur"):
        costs_of(export.folder.parent / "all")


def test_an_export_under_a_new_name_goes_on_where_the_other_ended(
    export: Export, costs_of: Costs
) -> None:
    export.deliver("2026-08", "1")
    former = export.folder / "metadata/BILLING_PERIOD=2026-08/cur-Manifest.json"
    former.rename(former.with_name("former-Manifest.json"))
    export.deliver("2026-09", "10")

    assert costs_of(export.folder) == {"2026-08": 1, "2026-09": 10}


def test_a_file_is_a_zip_by_its_beginning(export: Export, costs_of: Costs) -> None:
    """Chance may put the end of an empty zip archive at the end of another file."""
    export.deliver("2026-09", "10")
    (part,) = (export.folder / "data").rglob("*.csv.gz")
    text = gzip.decompress(part.read_bytes())
    last = text.splitlines()[-1].replace(b"i-0123456789abcdef0", b"PK\5\6" + b"\1" * 18)
    part.write_bytes(text + last + b"\n")
    assert zipfile.is_zipfile(part)

    assert costs_of(export.folder) == {"2026-09": 20}


def test_a_legacy_report_is_read_by_its_current_manifest(
    tmp_path: Path, item: MakeItem, costs_of: Costs
) -> None:
    """Copies of former manifests lie one folder deeper, and are not read."""
    period = tmp_path / "legacy" / "20260901-20261001"
    for assembly, cost in (("old", "7"), ("new", "9")):
        folder = period / assembly
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "cur-1.csv.zip", "w") as archive:
            archive.writestr("cur-1.csv", text_of([item("Usage", cost)]))
        content = json.dumps(
            {
                "assemblyId": assembly,
                "reportName": "cur",
                "reportKeys": [f"legacy/20260901-20261001/{assembly}/cur-1.csv.zip"],
            }
        )
        (folder / "cur-Manifest.json").write_text(content)
        (period / "cur-Manifest.json").write_text(content)

    assert costs_of(tmp_path / "legacy") == {"2026-09": 9}


def test_an_archive_cannot_write_beside_its_folder(
    tmp_path: Path, item: MakeItem, costs_of: Costs
) -> None:
    period = tmp_path / "legacy" / "20260901-20261001"
    period.mkdir(parents=True)
    with zipfile.ZipFile(period / "cur-1.csv.zip", "w") as archive:
        archive.writestr("../../../../escaped.csv", text_of([item("Usage", "9")]))
    (period / "cur-Manifest.json").write_text(
        json.dumps({"assemblyId": "a", "reportKeys": ["20260901-20261001/cur-1.csv.zip"]})
    )
    assert costs_of(tmp_path / "legacy") == {"2026-09": 9}
    assert not list(tmp_path.parent.rglob("escaped.csv"))


def deliver_focus(folder: Path, month: int, *lines: str) -> None:
    """A FOCUS export of a month; a line has the amount and what follows its charge period."""
    columns = (
        "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
        "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ProviderName,PublisherName,"
        "InvoiceIssuerName,x_ServiceCode"
    )
    period = f"2026-{month:02}-01T00:00:00.000Z,2026-{month + 1:02}-01T00:00:00.000Z"
    hour = f"2026-{month:02}-12T00:00:00.000Z,2026-{month:02}-12T01:00:00.000Z"
    rows = [
        f"{cost},{cost},USD,{period},{hour},{rest}"
        for cost, _, rest in (line.partition(",") for line in lines)
    ]
    inner = f"billing_period=2026-{month:02}"
    data = folder / "data" / inner
    data.mkdir(parents=True)
    text = "\n".join([columns, *rows, ""])
    (data / "focus-1.csv.gz").write_bytes(gzip.compress(text.encode()))
    metadata = folder / "metadata" / inner
    metadata.mkdir(parents=True)
    (metadata / "focus-Manifest.json").write_text(
        json.dumps(
            {
                "executionId": "e",
                "exportArn": "arn:focus",
                "dataFiles": [f"s3://b/p/data/{inner}/focus-1.csv.gz"],
            }
        )
    )


def test_a_focus_export_fills_the_names_that_aws_leaves_empty(
    tmp_path: Path, costs_of: Costs, engine: Engine
) -> None:
    deliver_focus(
        tmp_path,
        9,
        "5,Usage,AWS,AWS,Amazon Web Services LLC,AmazonEC2",
        "6,Usage,AWS,,,AmazonEC2",
    )
    assert costs_of(tmp_path, FocusExport) == {"2026-09": 11}
    rows, _ = CostStore(tmp_path / "store").table(engine)
    said = rows.select("BilledCost", "InvoiceIssuerName", "x_FilledColumns", "x_ServiceCode")
    assert sorted(map(tuple, (row.values() for row in said.to_pyarrow().to_pylist()))) == [
        (Decimal(5), "Amazon Web Services LLC", None, "AmazonEC2"),
        (Decimal(6), "AWS", "PublisherName, InvoiceIssuerName", "AmazonEC2"),
    ]


@pytest.mark.parametrize("columns", [True, False])
def test_the_other_shape_is_said_once(
    export: Export, tmp_path: Path, engine: Engine, *, columns: bool
) -> None:
    """By the manifest where it names the columns, else by the first file that is read."""
    for period in ("2026-08", "2026-09"):
        export.deliver(period, "1")
    focus = tmp_path / "focus"
    for month in (8, 9):
        deliver_focus(focus, month, "5,Usage,AWS,AWS,AWS,AmazonEC2")
    if columns:
        for folder, names in (
            (export.folder, ["line_item_unblended_cost", "line_item_line_item_type"]),
            (focus, ["BilledCost", "ChargePeriodStart", "ChargeCategory"]),
        ):
            for manifest in (folder / "metadata").rglob("*.json"):
                told = [{"name": name, "type": "string"} for name in names]
                manifest.write_text(
                    json.dumps(json.loads(manifest.read_text()) | {"columns": told})
                )
    wrong = FocusExport(FocusExportOptions(path=str(export.folder)))
    assert said_by(wrong, engine) == [
        (
            f"{export.folder} holds a Cost and Usage Report, not a FOCUS export; read it with "
            "`use: aws.cost_and_usage`, or give `path` the folder of a FOCUS export"
        )
    ]
    reverse = CostAndUsage(CostAndUsageOptions(path=str(focus)))
    assert said_by(reverse, engine) == [
        (
            f"{focus} holds a FOCUS export, not a Cost and Usage Report; read it with "
            "`use: aws.focus_export`, or give `path` the folder of a Cost and Usage Report"
        )
    ]


def said_by(source: CostAndUsage | FocusExport, engine: Engine) -> list[str]:
    """The errors of all months, as a run meets them."""
    said = []
    try:
        for delivery in source.collect_costs(WINDOW, engine):
            try:
                delivery.read(engine)
            except FinopsError as error:
                said.append(str(error))
    except FinopsError as error:
        said.append(str(error))
    return said


def test_exports_side_by_side_are_told_with_what_reads_them(
    export: Export, tmp_path: Path, engine: Engine
) -> None:
    export.deliver("2026-09", "1")
    deliver_focus(tmp_path / "focus", 9, "5,Usage,AWS,AWS,AWS,AmazonEC2")
    (manifest,) = (tmp_path / "focus" / "metadata").rglob("*.json")
    told = [{"name": name} for name in ("BilledCost", "ChargePeriodStart", "ChargeCategory")]
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"columns": told}))
    source = FocusExport(FocusExportOptions(path=str(tmp_path)))
    with pytest.raises(
        DataError, match=r"export/cur, focus/focus \(a FOCUS export, for `use: aws.focus_export`\)"
    ):
        list(source.collect_costs(WINDOW, engine))


def test_what_is_no_bill_is_said(export: Export, costs_of: Costs) -> None:
    export.deliver("2026-09", "1")
    (part,) = (export.folder / "data").rglob("*.csv.gz")
    part.write_bytes(gzip.compress(b"emissions,month\n1,2026-09\n"))
    with pytest.raises(DataError, match="not a FOCUS file: it lacks"):
        costs_of(export.folder, FocusExport)


@pytest.mark.vendor_example
@pytest.mark.parametrize(
    ("layout", "window"),
    [
        ("cur_1_0/s3_structure/mock-cur-bucket", DateWindow(date(2024, 1, 1), date(2024, 2, 1))),
        (
            "cur_2_0/s3_structure/mock-cur-v2-bucket",
            DateWindow(date(2024, 9, 1), date(2024, 10, 1)),
        ),
    ],
)
def test_published_layouts_are_understood(
    shared_data: Callable[..., Path], engine: Engine, layout: str, window: DateWindow
) -> None:
    folder = shared_data("aws", "cur_delivery_layouts", *layout.split("/"))
    source = CostAndUsage(CostAndUsageOptions(path=str(folder)))
    rows = [
        delivery.read(engine).to_pyarrow().num_rows
        for delivery in source.collect_costs(window, engine)
    ]
    assert len(rows) == 1
    assert rows[0] > 0


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a real S3 protocol server on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    made = boto3.resource("s3").Bucket("bills")
    made.create()
    yield made
    made.objects.delete()
    made.delete()


def upload(bucket: Any, folder: Path, prefix: str) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            bucket.upload_file(str(file), f"{prefix}/{file.relative_to(folder).as_posix()}")


@pytest.mark.real_component
def test_a_bucket_is_read_as_a_folder_is(export: Export, costs_of: Costs, bucket: Any) -> None:
    export.deliver("2026-08", "1", parts=2)
    export.deliver("2026-09", "10", refresh="2026-09-11T01:02:03.000Z-a")
    upload(bucket, export.folder, "exports/cur")

    assert costs_of("s3://bills/exports/cur") == {"2026-08": 2, "2026-09": 10}
    assert costs_of("s3://bills/exports/cur/") == {"2026-08": 2, "2026-09": 10}


@pytest.mark.real_component
def test_what_a_bucket_lacks_is_said(export: Export, costs_of: Costs, bucket: Any) -> None:
    export.deliver("2026-09", "10")
    export.manifest("2026-09", ["s3://bills/exports/cur/data/lost.csv.gz"])
    upload(bucket, export.folder, "exports/cur")

    with pytest.raises(AccessError, match="s3:GetObject"):
        costs_of("s3://bills/exports/cur")
    with pytest.raises(AccessError, match=r"s3:ListBucket.*does not exist"):
        costs_of("s3://nobody/exports/cur")
    with pytest.raises(AccessError, match="no delivery"):
        costs_of("s3://bills/exports/other")


@pytest.mark.real_component
def test_requests_are_counted(export: Export, engine: Engine, bucket: Any) -> None:
    export.deliver("2026-09", "10")
    upload(bucket, export.folder, "cur")
    source = CostAndUsage(CostAndUsageOptions(path="s3://bills/cur"))
    for delivery in source.collect_costs(WINDOW, engine):
        with pytest.raises(DataError, match="is not below it"):  # the manifest says exports/cur
            delivery.read(engine)
    assert source.requests == 2  # one page of keys, one manifest


@pytest.mark.real_component
@pytest.mark.usefixtures("bucket")
def test_a_role_is_assumed_again_when_its_credentials_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from botocore.client import BaseClient

    real, assumed, used = BaseClient._make_api_call, [], []

    def call(asked: Any, operation: str, given: dict[str, Any]) -> Any:
        if operation != "AssumeRole":
            return real(asked, operation, given)
        assumed.append(given)
        return {
            "Credentials": {
                "AccessKeyId": f"ASIA{len(assumed)}",
                "SecretAccessKey": "secret",
                "SessionToken": f"token-{len(assumed)}",
                "Expiration": datetime.now(UTC) + timedelta(minutes=1 if len(assumed) < 3 else 60),
            }
        }

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    role = "arn:aws:iam::012345678901:role/finops"
    source = CostAndUsage(
        CostAndUsageOptions(path="s3://bills/cur", role_arn=role, external_id="x")
    )
    s3 = client(source, "s3")
    s3.meta.events.register(
        "before-send.s3", lambda request, **_: used.append(request.headers["X-Amz-Security-Token"])
    )
    for _ in range(3):
        s3.list_objects_v2(Bucket="bills")
    assert used == [b"token-2", b"token-3", b"token-3"]
    assert {(one["RoleArn"], one["ExternalId"]) for one in assumed} == {(role, "x")}
    assert {one["RoleSessionName"] for one in assumed} == {"finops"}


@pytest.mark.real_component
def test_without_credentials_it_says_how_to_get_them(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    source = FocusExport(FocusExportOptions(path="s3://bills/focus"))

    with pytest.raises(AccessError, match=r"no AWS credentials for s3:ListBucket.*aws sso login"):
        list(source.collect_costs(WINDOW, engine))


@pytest.mark.real_component
@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ("", "no AWS credentials for s3: .*profile .nobody. could not be found"),
        ("[profile nobody]\nregion = no region\n", "s3: .*'no region'"),
        ("[profile nobody", "s3: Unable to parse config file"),
    ],
)
def test_a_profile_that_is_none_is_said(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    configuration: str,
    words: str,
) -> None:
    file = tmp_path / "config"
    file.write_text(configuration)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    source = FocusExport(FocusExportOptions(path="s3://bills/focus", profile="nobody"))

    with pytest.raises(FinopsError, match=words):
        list(source.collect_costs(WINDOW, engine))


@pytest.mark.real_component
def test_a_download_that_breaks_off_again_and_again_is_said(
    export: Export, costs_of: Costs, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from boto3.exceptions import RetriesExceededError
    from boto3.s3.transfer import S3Transfer

    def broken(*_: object, **__: object) -> None:
        raise RetriesExceededError(ConnectionResetError("reset by peer"))

    export.deliver("2026-09", "10")
    upload(bucket, export.folder, "exports/cur")
    monkeypatch.setattr(S3Transfer, "download_file", broken)

    with pytest.raises(RetryLaterError, match=r"cannot be reached for s3:GetObject: Max Retries"):
        costs_of("s3://bills/exports/cur")


class TestCostAndUsage(SourceContract):
    """What every source promises, with an export in a folder."""

    plugin = "aws.cost_and_usage"
    options: ClassVar = {"path": "export"}

    @pytest.fixture(autouse=True)
    def _export(self, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for period in ("2026-09", "2026-10"):
            export.deliver(period, "5")
        monkeypatch.chdir(tmp_path)


class TestFocusExport(SourceContract):
    """What every source promises, with an export in a folder."""

    plugin = "aws.focus_export"
    options: ClassVar = {"path": "export"}

    @pytest.fixture(autouse=True)
    def _export(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for month in (9, 10):
            deliver_focus(tmp_path / "export", month, "5,Usage,AWS,AWS,AWS,AmazonEC2")
        monkeypatch.chdir(tmp_path)
