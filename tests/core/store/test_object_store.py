"""The store in an object store: the same promises as in a local folder."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from finops_cost_management import logs
from finops_cost_management.engine import Engine
from finops_cost_management.errors import AccessError, ConfigurationError, RetryLaterError
from finops_cost_management.pipeline.loading import parse_config
from finops_cost_management.pipeline.masking import masked_yaml
from finops_cost_management.pipeline.steps import StoreKeys
from finops_cost_management.plugins.registry import Registry
from finops_cost_management.settings import Settings
from finops_cost_management.store.cost_store import CostStore
from finops_cost_management.store.delivery import Delivery
from finops_cost_management.store.files import TableFile
from finops_cost_management.store.places import place_at
from finops_cost_management.store.table import PartitionedTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Total = Callable[[CostStore], Decimal]

pytestmark = [pytest.mark.model_checked_fake, pytest.mark.invented]

MAY_1, MAY_2, JUNE_1 = date(2026, 5, 1), date(2026, 5, 2), date(2026, 6, 1)
SECRET = "wJalr-not-a-real-key"  # noqa: S105 # made up
BUCKET = "costs"

# A process of its own: deltalake holds Python's lock during some requests.
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


@pytest.fixture(scope="module")
def options(endpoint: str) -> dict[str, str]:
    return {
        "aws_access_key_id": "AKIA-not-a-real-id",
        "aws_secret_access_key": SECRET,
        "aws_region": "us-east-1",
        "aws_endpoint": endpoint,
        "aws_allow_http": "true",
    }


@pytest.fixture(scope="module")
def s3(options: dict[str, str]) -> Any:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=options["aws_endpoint"],
        aws_access_key_id=options["aws_access_key_id"],
        aws_secret_access_key=options["aws_secret_access_key"],
        region_name=options["aws_region"],
        verify=False,
    )
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def store(s3: Any, options: dict[str, str]) -> CostStore:  # noqa: ARG001 # s3 made the bucket
    return CostStore(f"s3://{BUCKET}/{uuid4().hex}", options)


@pytest.fixture
def parquet(s3: Any, store: CostStore) -> Callable[[], list[str]]:
    """Names of the data files that lie in the store, committed or not."""

    def listed() -> list[str]:
        prefix = str(store.location).removeprefix(f"s3://{BUCKET}/")
        answer = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/charges/")
        keys = [entry["Key"] for entry in answer.get("Contents", ())]
        return [key for key in keys if key.endswith(".parquet") and "_delta_log" not in key]

    return listed


def test_a_month_is_replaced_and_an_unchanged_delivery_is_skipped(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    assert store.units() == []
    store.ingest("aws", deliver([(MAY_1, "10"), (JUNE_1, "5")], digest="first"), engine)
    correction = deliver([(MAY_1, "8"), (MAY_2, "0.000000000001")], digest="next", x_Team="a")
    store.ingest("aws", correction, engine)

    assert total(store) == Decimal("13.000000000001")
    assert [(unit.unit, unit.rows) for unit in store.units()] == [("2026-05", 2), ("2026-06", 1)]
    assert store.ingest("aws", correction, engine).skipped
    rows, _ = store.table(engine)
    assert set(rows.x_Source.to_pyarrow().to_pylist()) == {"aws"}
    assert sorted(rows.x_Team.to_pyarrow().to_pylist(), key=str) == [None, "a", "a"]


def test_time_travel_answers_what_was_believed_then(
    store: CostStore, engine: Engine, deliver: Any
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="a"), engine)
    then = datetime.now(UTC)
    believed = store.history()[0].version
    time.sleep(1.1)  # an object store keeps the time of a commit to the second
    store.ingest("aws", deliver([(MAY_1, "11")], digest="b"), engine)

    for moment in (then, believed):
        rows, version = store.table(engine, as_of=moment)
        assert version == believed
        assert rows.BilledCost.to_pyarrow().to_pylist() == [Decimal(10)]
    with pytest.raises(AccessError, match="`finops store history` lists"):
        store.table(engine, as_of=99)


def test_refused_rows_are_kept_aside_until_they_are_mended(
    store: CostStore, engine: Engine, deliver: Any, total: Total
) -> None:
    import pyarrow as pa

    good = deliver([(MAY_1, "10")], digest="x").read(engine)
    bad = deliver([(MAY_2, "4")], digest="x", ChargeCategory="Gift").read(engine)
    both = pa.concat_tables([good, bad])
    store.ingest("aws", Delivery(name="may", digest="1", read=lambda _: both), engine)

    assert "Gift" in store.refused(engine).to_pyarrow().to_pylist()[0]["Reason"]
    assert total(store) == 10
    store.ingest("aws", Delivery(name="may", digest="2", read=lambda _: good), engine)
    assert store.refused(engine).count().to_pyarrow().as_py() == 0


def test_an_ingest_that_stops_before_its_commit_leaves_the_store_as_it_was(  # fixtures
    store: CostStore,
    engine: Engine,
    deliver: Any,
    total: Total,
    parquet: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="old"), engine)
    update = deliver([(MAY_1, "12")], digest="new")
    before = set(engine.scratch.glob("*.parquet"))  # the engine serves other tests as well

    def stopped(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PartitionedTable, "swap", stopped)
        with pytest.raises(KeyboardInterrupt):
            store.ingest("aws", update, engine)
        assert len(parquet()) == 1, "the file that was uploaded is removed"
        patch.setattr(PartitionedTable, "discard", lambda *_: None)  # as after kill -9
        with pytest.raises(KeyboardInterrupt):
            store.ingest("aws", update, engine)
    assert len(parquet()) == 2
    assert set(engine.scratch.glob("*.parquet")) == before
    assert total(store) == 10

    assert not store.ingest("aws", update, engine).skipped
    assert total(store) == 12


def test_vacuum_removes_what_no_young_version_needs_and_nothing_else(
    store: CostStore, engine: Engine, deliver: Any, total: Total, parquet: Callable[[], list[str]]
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="a"), engine)
    store.ingest("aws", deliver([(MAY_1, "11")], digest="b"), engine)
    abandoned = deliver([(MAY_1, "9")], digest="c").read(engine)
    store._costs.write_file(engine, engine.table_of(abandoned), "x_Source=aws/killed.parquet")

    assert store.vacuum(timedelta(days=1)) == []
    assert len(parquet()) == 3
    assert len(store._costs.vacuum(timedelta(0), dry_run=True)) == 2
    assert len(parquet()) == 3
    store._costs.vacuum(timedelta(0), dry_run=False)  # as if a day had gone by
    assert len(parquet()) == 1
    assert total(store) == 11


def test_ingests_at_once_lose_no_commit_and_never_count_twice(
    store: CostStore, deliver: Any, total: Total, s3: Any
) -> None:
    import botocore.exceptions

    s3.put_object(Bucket=BUCKET, Key="once", Body=b"1", IfNoneMatch="*")
    with pytest.raises(botocore.exceptions.ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=BUCKET, Key="once", Body=b"2", IfNoneMatch="*")

    sources = ["aws", "aws", "azure", "gcp"]
    barrier = threading.Barrier(len(sources))
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Engine(threads=1) as own:
                barrier.wait()
                store.ingest(sources[number], deliver([(MAY_1, "10")], digest=f"d{number}"), own)
        except BaseException as error:  # noqa: BLE001 # the test thread tells it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(sources))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len([entry for entry in store.history() if entry.ingest]) == 4
    assert [unit.source for unit in store.units()] == ["aws", "azure", "gcp"]
    assert total(store) == 30


@pytest.mark.parametrize("answer", ["a conflict", "a lost connection"])
def test_a_commit_whose_answer_was_lost_counts_once_and_keeps_its_file(  # fixtures
    store: CostStore,
    engine: Engine,
    deliver: Any,
    total: Total,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    from deltalake import DeltaTable
    from deltalake.exceptions import CommitFailedError

    store.ingest("aws", deliver([(MAY_1, "10")], digest="old"), engine)
    update = deliver([(MAY_1, "12")], digest="new")
    commit = DeltaTable.create_write_transaction
    commits = []

    def committed_unheard(self: DeltaTable, *arguments: Any, **named: Any) -> None:
        commit(self, *arguments, **named)
        commits.append(1)
        raise CommitFailedError(answer) if answer == "a conflict" else OSError(answer)

    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, "create_write_transaction", committed_unheard)
        if answer == "a conflict":
            assert not store.ingest("aws", update, engine).skipped
        else:
            with pytest.raises(AccessError, match=answer):
                store.ingest("aws", update, engine)

    assert commits == [1]
    assert total(store) == 12
    assert store.ingest("aws", update, engine).skipped


def test_a_large_file_is_uploaded_in_parts_and_read_by_many_threads(
    store: CostStore, deliver: Any, s3: Any, parquet: Callable[[], list[str]]
) -> None:
    with Engine(threads=4) as engine:
        one = deliver([(MAY_1, "0.5")], digest="x").read(engine)
        engine.sql(
            "CREATE TEMP VIEW ids AS SELECT md5(range::text) AS ResourceId FROM range(400000)"
        )
        table = engine.table_of(one).cross_join(engine.ibis.table("ids")).to_pyarrow()
        store.ingest("aws", Delivery(name="may", digest="1", read=lambda _: table), engine)
        (key,) = parquet()
        head = s3.head_object(Bucket=BUCKET, Key=key)
        assert head["ContentLength"] > 8 * 2**20
        assert head["ETag"].strip('"').endswith(f"-{-(-head['ContentLength'] // (8 * 2**20))}")

        held, _ = store.table(engine)
        answer = held.aggregate(cost=held.BilledCost.sum(), resources=held.ResourceId.nunique())
        assert answer.to_pyarrow().to_pylist() == [{"cost": Decimal(200_000), "resources": 400_000}]
        extensions = engine.sql("SELECT extension_name FROM duckdb_extensions() WHERE loaded")
        assert ("httpfs",) not in extensions


def test_threads_that_share_an_open_file_read_each_at_its_own_place() -> None:
    from finops_cost_management.store.ranges import CommittedFiles

    content = bytes(range(256))
    file = TableFile("x_Source=aws/f.parquet", 256, 1, 0, {})
    everyone_is_in_place = threading.Barrier(8)

    def read_range(path: str, start: int, length: int) -> bytes:
        assert path == file.path
        return content[start : start + length]

    system = CommittedFiles("store-1", read_range, [file])
    handle = system.open(f"store-1://{file.path}")
    answers: dict[int, bytes] = {}

    def work(number: int) -> None:
        handle.seek(number * 10)
        everyone_is_in_place.wait()
        answers[number] = handle.read(5) + handle.read(5)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: content[n * 10 : n * 10 + 10] for n in range(8)}
    assert system.size(f"store-1://{file.path}") == 256


def _told(error: BaseException) -> str:
    """All that a reader of the error could see."""
    import traceback

    return "".join(traceback.format_exception(error)) + repr(error)


def test_wrong_credentials_are_said_without_showing_them(
    s3: Any, endpoint: str, options: dict[str, str], engine: Engine, deliver: Any
) -> None:
    del s3
    wrong = {**options, "aws_access_key_id": "AKIA-wrong-id-0000"}

    def ask_for_credentials_after(requests: bytes) -> None:
        text = {"Content-Type": "text/plain"}
        where = f"{endpoint}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(where, requests, text)).close()  # noqa: S310 # loopback

    ask_for_credentials_after(b"0")
    try:
        with pytest.raises(AccessError, match="credentials") as caught:
            CostStore(f"s3://{BUCKET}/closed", wrong).ingest(
                "aws", deliver([(MAY_1, "1")], digest="a"), engine
            )
    finally:
        ask_for_credentials_after(b"inf")

    assert f"s3://{BUCKET}/closed" in str(caught.value)
    assert "InvalidAccessKeyId" in str(caught.value)
    assert "AKIA-wrong-id-0000" not in _told(caught.value)
    assert SECRET not in _told(caught.value)


def test_a_bucket_that_does_not_exist_is_said(
    options: dict[str, str], engine: Engine, deliver: Any
) -> None:
    store = CostStore("s3://no-such-bucket/costs", options)
    with pytest.raises(AccessError, match=r"s3://no-such-bucket/costs.*NoSuchBucket") as caught:
        store.ingest("aws", deliver([(MAY_1, "1")], digest="a"), engine)
    assert SECRET not in _told(caught.value)


def test_a_file_that_somebody_deleted_is_said_without_a_traceback(
    store: CostStore, engine: Engine, deliver: Any, s3: Any, parquet: Callable[[], list[str]]
) -> None:
    store.ingest("aws", deliver([(MAY_1, "10")], digest="a"), engine)
    s3.delete_object(Bucket=BUCKET, Key=parquet()[0])
    with pytest.raises(AccessError, match=r"x_Period=2026-05/.*NoSuchKey") as caught:
        store.table(engine)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_server_that_does_not_answer_is_tried_again_and_then_said(
    options: dict[str, str], engine: Engine, deliver: Any
) -> None:
    store = CostStore("s3://costs/far", {**options, "aws_endpoint": "http://127.0.0.1:9"})
    with pytest.raises(RetryLaterError, match=r"after 5 retries.*run again later"):
        store.ingest("aws", deliver([(MAY_1, "1")], digest="a"), engine)


def test_signatures_in_addresses_are_not_shown() -> None:
    place = place_at("az://c/costs", {"account_name": "acc", "sas_token": "sig=s3cr3t-sas"})
    address = "https://acc.blob.core.windows.net/c/f?sv=2020&sig=s3cr3t%2Dsas"
    with (
        pytest.raises(AccessError, match="cannot read az://c/costs") as caught,
        place.access("read", "look"),
    ):
        raise OSError(f"error sending request for url ({address})")
    assert "s3cr3t" not in _told(caught.value)
    assert "https://acc.blob.core.windows.net/c/f?…)" in str(caught.value)


@pytest.mark.parametrize(
    ("location", "options", "message"),
    [
        ("ftp://host/costs", {}, "cannot lie at ftp://host/costs"),
        ("s3://bucket/costs", {"aws_bogus": "x"}, "aws_bogus"),
        ("s3://bucket/costs", {"allow_http": "perhaps"}, "perhaps"),
        ("az://container/costs", {}, "Account must be specified"),
        ("gs://bucket/costs", {"google_service_account_key": SECRET}, "service account"),
    ],
)
def test_a_place_that_cannot_be_is_a_mistake_in_the_configuration(
    location: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        CostStore(location, options)
    assert SECRET not in _told(caught.value)


@pytest.mark.parametrize(
    ("location", "options"),
    [
        ("abfss://costs@account.dfs.core.windows.net/all", {"azure_storage_account_key": "c2Vr"}),
        ("az://costs/all", {"account_name": "account", "account_key": "c2Vr", "timeout": "30s"}),
        ("gs://costs/all", {"google_skip_signature": "true"}),
        ("s3://costs", {"AWS_REGION": "eu-west-1", "connect_timeout": "2s"}),
    ],
)
def test_every_kind_of_address_is_understood(location: str, options: dict[str, str]) -> None:
    assert CostStore(location, options).location == location


@pytest.mark.parametrize("package", ["obstore", "fsspec"])
def test_a_missing_package_is_named_with_what_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError, match=r"'finops-cost-management\[remote\]'"):
        CostStore("s3://bucket/costs")


def test_a_local_store_imports_nothing_for_object_stores(tmp_path: Path) -> None:
    code = (
        "import sys; from finops_cost_management.store.cost_store import CostStore;"
        f"CostStore({str(tmp_path)!r}).units();"
        "print(sorted(sys.modules.keys() & {'obstore', 'fsspec', 'deltalake', 'duckdb'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_keys_are_secrets_and_regions_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_secrets", set())
    config = parse_config(
        """
        sources: {demo: {use: demo}}
        store:
          path: s3://bucket/costs
          storage_options:
            aws_access_key_id: ${NAME}
            aws_secret_access_key: ${SECRET}
            aws_region: eu-west-1
            aws_sse_bucket_key_enabled: true
            pool_max_idle_per_host: 4
        """,
        Registry(),
        environment={"NAME": "AKIA-0000", "SECRET": SECRET},
    )

    assert SECRET not in repr(config)
    assert "eu-west-1" in masked_yaml(config)
    assert SECRET not in masked_yaml(config)
    assert config.secrets == {SECRET, "AKIA-0000"}
    store = config.store.open(Settings())
    assert logs.masked(f"{SECRET} in eu-west-1 is true") == "*** in eu-west-1 is true"
    assert SECRET not in repr(vars(store))


def test_no_configuration_and_one_without_a_store_mean_the_same_place(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    config = parse_config("sources: {demo: {use: demo}}", Registry())

    assert config.store.open(settings).location == tmp_path / "costs"
    assert StoreKeys().open(settings).location == tmp_path / "costs"
    assert StoreKeys(path="elsewhere").open(settings).location == "elsewhere"
