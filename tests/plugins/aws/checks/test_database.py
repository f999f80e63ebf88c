"""Checks of databases and caches, on accounts made in moto."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_aws.aws_case import REGION
from finops_aws.checks.database.database_cases import database, database_metrics
from finops_aws.checks.database.database_classes import FAMILIES, DatabaseClass
from finops_aws.checks.database.database_storage import DatabaseStorage
from finops_aws.checks.database.databases import baseline_iops
from finops_aws.checks.database.engine_support import EXTENDED_SUPPORT
from finops_aws.checks.database.extended_support import ExtendedSupport
from finops_aws.checks.database.idle_caches import IdleCaches
from finops_aws.checks.database.idle_databases import IdleDatabases
from finops_aws.checks.database.old_database_generations import OldDatabaseGenerations
from finops_aws.checks.database.oversized_databases import OversizedDatabases
from finops_aws.checks.database.unused_replicas import UnusedReplicas
from finops_aws.described_case import DescribingAws
from finops_cost_management import Risk, SavingsAnswer, SavingsBasis
from finops_cost_management.plugins.savings_case import Charge, daily_charges

pytestmark = pytest.mark.real_component

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = f"arn:aws:rds:{REGION}:123456789012:db:orders"
Find = Callable[..., SavingsAnswer]
Account = Callable[[str], Any]
On = Callable[[datetime], Any]


def billed(cost: str, meter: str, resource: str = ORDERS, **columns: Any) -> list[Charge]:
    return daily_charges(
        cost,
        ResourceId=resource,
        ServiceCategory="Databases",
        ServiceName="Amazon Relational Database Service",
        SkuMeter=meter,
        **columns,
    )


def idle(account: Account, on: On, **details: Any) -> None:
    with on(LONG_AGO):
        database_metrics(account, database(account, **details), DatabaseConnections=0)


def test_saving_is_the_own_cost_where_the_bill_has_it(account: Account, on: On, find: Find) -> None:
    idle(account, on)
    charges = [*billed("8", "USE1-InstanceUsage:db.m5.xl"), *billed("1", "RDS:GP3-Storage")]
    (found,) = find(IdleDatabases, charges).findings
    assert found.basis is SavingsBasis.OWN_COST
    assert found.estimated_monthly_savings == Decimal("273.94")  # 9 a day
    assert found.resource_id == ORDERS


def test_without_a_bill_it_is_the_list_price(account: Account, on: On, find: Find) -> None:
    idle(account, on, MultiAZ=True)
    (found,) = find(IdleDatabases).findings
    assert found.basis is SavingsBasis.LIST_PRICE
    # Two zones of 0.342 an hour, and of 100 GiB at 0.115.
    assert found.estimated_monthly_savings == Decimal("522.66")


def test_what_a_reservation_pays_for_is_no_saving(account: Account, on: On, find: Find) -> None:
    idle(account, on)
    reserved = {"CommitmentDiscountId": "ri-1", "PricingCategory": "Committed"}
    charges = [
        *billed("8", "InstanceUsage:db.m5.xl", **reserved),
        *billed("1", "RDS:GP3-Storage"),
    ]
    (found,) = find(IdleDatabases, charges).findings
    assert found.estimated_monthly_savings == Decimal("30.44")
    assert found.current_cost == Decimal("273.94")


def test_a_namesake_in_another_region_is_another_database(
    account: Account, on: On, find: Find
) -> None:
    idle(account, on)
    namesake = ORDERS.replace(REGION, "eu-west-1")
    charges = [*billed("9", "InstanceUsage:db.m5.xl"), *billed("90", "InstanceUsage", namesake)]
    (found,) = find(IdleDatabases, charges).findings
    assert found.current_cost == Decimal("273.94")


def test_a_source_of_replicas_is_not_called_idle(account: Account, on: On, find: Find) -> None:
    idle(account, on)
    account("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="reader", SourceDBInstanceIdentifier="orders"
    )
    answer = find(IdleDatabases)
    assert not answer.findings
    assert [one.reason for one in answer.unknown] == [
        "it feeds read replicas: whether they are used decides"
    ]


def test_a_stopped_database_is_not_measured(account: Account, on: On, find: Find) -> None:
    with on(LONG_AGO):
        database(account)
        account("rds").stop_db_instance(DBInstanceIdentifier="orders")
    (unknown,) = find(IdleDatabases).unknown
    assert unknown.reason.startswith("stopped")


def test_one_busy_day_is_enough(account: Account, on: On, find: Find) -> None:
    idle(account, on)
    database_metrics(account, "orders", DatabaseConnections=5, days=1)
    answer = find(IdleDatabases)
    assert (len(answer.findings), answer.clean) == (0, 1)


def test_without_metrics_says_which(account: Account, on: On, find: Find) -> None:
    with on(LONG_AGO):
        database_metrics(account, database(account), CPUUtilization=3)
    (unknown,) = find(OversizedDatabases).unknown
    assert unknown.reason.startswith("no metrics of FreeableMemory, minimum")


def test_reader_of_aurora_is_a_replica_and_no_database(
    account: Account, on: On, find: Find
) -> None:
    with on(LONG_AGO):
        account("rds").create_db_cluster(
            DBClusterIdentifier="shop",
            Engine="aurora-mysql",
            MasterUsername="owner",
            MasterUserPassword="moto-only-1",
        )
        for name in ("writer", "reader"):
            account("rds").create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.r5.large",
                Engine="aurora-mysql",
                DBClusterIdentifier="shop",
            )
            database_metrics(account, name, DatabaseConnections=0, ReadIOPS=0)
    reader = f"arn:aws:rds:{REGION}:123456789012:db:reader"
    charges = billed("7", "InstanceUsage:db.r5.large", reader)
    (found,) = find(UnusedReplicas, charges).findings
    assert found.resource_id == reader
    assert found.risk is Risk.HIGH  # the only reader takes over when the writer fails
    assert "shop" in found.evidence["may be a stand-by"]
    writer = reader.replace("reader", "writer")
    idle_answer = find(IdleDatabases, [*charges, *billed("7", "InstanceUsage", writer)])
    assert [(one.subject, one.reason) for one in idle_answer.unknown] == [
        (writer, "it feeds read replicas: whether they are used decides")
    ]


def test_replica_that_stands_alone_is_safe(account: Account, on: On, find: Find) -> None:
    with on(LONG_AGO):
        account("rds").create_db_instance_read_replica(
            DBInstanceIdentifier="reader", SourceDBInstanceIdentifier=database(account)
        )
        database_metrics(account, "reader", DatabaseConnections=0, ReadIOPS=0)
    (found,) = find(UnusedReplicas).findings
    assert (found.risk, found.confidence) == (Risk.LOW, 0.9)


def test_resizing_saves_the_hours_and_not_the_storage(account: Account, on: On, find: Find) -> None:
    with on(LONG_AGO):
        database_metrics(account, database(account), CPUUtilization=9, FreeableMemory=13 * 2**30)
    charges = [*billed("8", "InstanceUsage:db.m5.xl"), *billed("5", "RDS:GP3-Storage")]
    (found,) = find(OversizedDatabases, charges).findings
    assert found.recommended_configuration == {"class": "db.m5.large"}
    assert found.current_cost == Decimal("243.50")
    assert found.estimated_monthly_savings == Decimal("121.75")


def test_old_caches_are_found_on_their_own_cost(account: Account, on: On, find: Find) -> None:
    with on(LONG_AGO):
        account("elasticache").create_cache_cluster(
            CacheClusterId="sessions",
            CacheNodeType="cache.r4.large",
            Engine="redis",
            NumCacheNodes=1,
        )
    arn = f"arn:aws:elasticache:{REGION}:123456789012:cluster:sessions"
    charges = billed("5", "USE1-NodeUsage:cache.r4.large", arn)
    (found,) = find(OldDatabaseGenerations, charges).findings
    assert found.recommended_configuration == {"class": "cache.r6g.large"}
    assert Decimal(0) < found.estimated_monthly_savings < found.current_cost


def working(account: Account, on: On, iops: float, free_gib: float, **details: Any) -> None:
    with on(LONG_AGO):
        database_metrics(
            account,
            database(account, **details),
            FreeStorageSpace=free_gib * 2**30,
            ReadIOPS=iops,
            WriteIOPS=0,
            ReadThroughput=iops * 8_000,
            WriteThroughput=0,
        )


def test_io1_saves_its_iops_and_a_little_of_its_gigabytes(
    account: Account, on: On, find: Find
) -> None:
    working(account, on, 900, 100, AllocatedStorage=500, StorageType="io1", Iops=10_000)
    (found,) = find(DatabaseStorage).findings
    # 500 × 0.125 + 10,000 × 0.10 now, 500 × 0.115 then.
    assert found.current_cost == Decimal("1062.50")
    assert found.estimated_monthly_savings == Decimal("1005.00")
    assert found.recommended_configuration == {"storage type": "gp3", "IOPS": "12000"}


def test_small_gp3_cannot_do_the_work_of_busy_io1(account: Account, on: On, find: Find) -> None:
    working(account, on, 2_900, 20, AllocatedStorage=100, StorageType="io1", Iops=5_000)
    answer = find(DatabaseStorage)
    assert (len(answer.findings), answer.clean) == (0, 2)


def test_throughput_counts_beside_iops(account: Account, on: On, find: Find) -> None:
    working(account, on, 900, 100, AllocatedStorage=500, StorageType="io1", Iops=10_000)
    database_metrics(account, "orders", ReadThroughput=450 * 2**20, days=1)
    assert not find(DatabaseStorage).findings


def test_speed_and_size_are_two_pieces_of_advice(account: Account, on: On, find: Find) -> None:
    working(account, on, 100, 900, AllocatedStorage=1_000, StorageType="io1", Iops=10_000)
    found = find(DatabaseStorage).findings
    assert {one.variant for one in found} == {"speed", "size"}
    assert len({one.id for one in found}) == len(found)


def test_gp2_is_not_advised_against_for_its_type(account: Account, on: On, find: Find) -> None:
    working(account, on, 100, 20, StorageType="gp2")
    answer = find(DatabaseStorage)
    assert (len(answer.findings), answer.clean) == (0, 1)


def test_storage_keeps_the_speed_that_is_used(account: Account, on: On, find: Find) -> None:
    # Below 400 GiB gp3 does 3,000 IOPS, above it 12,000.
    working(account, on, 5_000, 900, AllocatedStorage=1_000, StorageType="gp3")
    assert not find(DatabaseStorage).findings


@pytest.mark.parametrize(
    ("engine", "gib", "iops"),
    [("mysql", 399, 3_000), ("mysql", 400, 12_000), ("oracle-ee", 200, 12_000)],
)
def test_baseline_of_gp3(engine: str, gib: int, iops: int) -> None:
    assert baseline_iops(engine, gib) == iops


def test_sql_server_is_never_striped() -> None:
    assert baseline_iops("sqlserver-se", 4_000) == 3_000


def test_third_year_of_extended_support_costs_twice(account: Account, on: On, find: Find) -> None:
    with on(LONG_AGO):
        database(account, EngineVersion="5.7.44")  # 4 vCPU, in the third year since March
    (found,) = find(ExtendedSupport).findings
    assert found.estimated_monthly_savings == Decimal("584.40")


def test_extended_support_is_priced_on_its_own_meter(account: Account, on: On, find: Find) -> None:
    with on(LONG_AGO):
        database(account, EngineVersion="5.7.44")
    charges = [*billed("8", "InstanceUsage:db.m5.xl"), *billed("2", "ExtendedSupport:Yr1:MySQL5.7")]
    (found,) = find(ExtendedSupport, charges).findings
    assert found.estimated_monthly_savings == found.current_cost == Decimal("60.88")


@pytest.mark.parametrize(
    ("kind", "version", "found"),
    [
        ("mysql", "8.0.40", 1),  # since August 2026
        ("mysql", "8.4.5", 0),
        ("mariadb", "10.4.1", 0),  # AWS has none for MariaDB
        ("postgres", "13.15", 1),
        ("postgres", "14.2", 0),  # from March 2027
        ("postgres", "9.6.1", 0),
    ],
)
def test_versions(  # fixtures and parameters
    account: Account, on: On, find: Find, kind: str, version: str, found: int
) -> None:
    with on(LONG_AGO):
        database(account, Engine=kind, EngineVersion=version)
    assert len(find(ExtendedSupport).findings) == found


def test_terms_are_in_order() -> None:
    for term in EXTENDED_SUPPORT.values():
        assert term.third_year_from is None or term.third_year_from > term.charged_from


@pytest.mark.parametrize("check", [IdleDatabases, ExtendedSupport, IdleCaches])
@pytest.mark.usefixtures("account")
def test_an_empty_account_is_quiet(find: Find, check: Any) -> None:
    assert find(check).checked == 0


@pytest.mark.model_checked_fake
def test_denied_permission_is_named(find: Find, denied: Any) -> None:
    with denied("rds:DescribeDBInstances"):
        (unknown,) = find(ExtendedSupport).unknown
    assert unknown.subject == f"aws.extended_support in {REGION}"
    assert "rds:DescribeDBInstances" in unknown.reason


@pytest.fixture
def denied() -> Callable[[str], Any]:
    """An account in which one action is refused, as AWS words it."""

    def refuse(action: str) -> Any:
        operation = action.partition(":")[2]
        message = f"User: arn:aws:iam::1:user/reader is not authorized to perform: {action}"
        return DescribingAws(
            {operation: [{"Error": "AccessDenied", "Message": message}]}
        ).answering()

    return refuse


CLASSES = st.sampled_from(sorted(FAMILIES)).flatmap(
    lambda family: st.sampled_from(FAMILIES[family].sizes).map(
        lambda size: DatabaseClass(family, size)
    )
)


@given(CLASSES)
def test_next_class_down_is_smaller_and_cheaper(now: DatabaseClass) -> None:
    assert DatabaseClass.of(now.name) == now
    smaller = now.next_smaller
    if smaller is None:
        assert now.size == FAMILIES[now.family].sizes[0]
    else:
        assert smaller.family == now.family
        assert smaller.memory < now.memory
        assert smaller.vcpus <= now.vcpus
        assert 0 < now.price_ratio(smaller) < 1


@given(st.text(max_size=30))
def test_unknown_classes_are_none(name: str) -> None:
    known = DatabaseClass.of(name)
    assert known is None or known.name == name
