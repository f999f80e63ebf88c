"""`aws.cost_explorer` against a Cost Explorer that truly answers."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_aws.cost_explorer import CostExplorer, CostExplorerOptions
from finops_aws.cost_explorer.questions import Answer, differences
from finops_aws.fake_cost_explorer import ACCOUNT, Charge, FakeCostExplorer
from finops_cost_management import (
    AccessError,
    ConfigurationError,
    CostQuery,
    CostSnapshot,
    CostStore,
    DataError,
    DateWindow,
    Engine,
    Pipeline,
    RetryLaterError,
)
from finops_cost_management.query.aws_words import ask_in_aws_words
from finops_cost_management.testing import SourceContract

pytestmark = pytest.mark.model_checked_fake

WINDOW = DateWindow(date(2026, 9, 28), date(2026, 10, 3))
FIRST = datetime(2026, 9, 28, tzinfo=UTC)
EC2 = "Amazon Elastic Compute Cloud - Compute"
Serve = Callable[..., Any]


def charge(unblended: str, hours: int = 0, **more: Any) -> Charge:
    given = {"RECORD_TYPE": "Usage", "SERVICE": EC2, "LINKED_ACCOUNT": ACCOUNT}
    dimensions = given | more.pop("dimensions", {})
    return Charge(
        hour=FIRST + timedelta(hours=hours),
        unblended=Decimal(unblended),
        dimensions=dimensions,
        **more,
    )


@contextmanager
def _serving(fake: FakeCostExplorer, patch: pytest.MonkeyPatch) -> Iterator[FakeCostExplorer]:
    with fake.served() as address:
        patch.setenv("AWS_ENDPOINT_URL_COST_EXPLORER", address)
        patch.setenv("AWS_ENDPOINT_URL_STS", address)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        yield fake


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCostExplorer]:
    with _serving(FakeCostExplorer(), monkeypatch) as fake:
        yield fake


def source(**options: Any) -> CostExplorer:
    return CostExplorer(CostExplorerOptions(**options))


def rows_of(asked: CostExplorer, window: DateWindow = WINDOW) -> list[dict[str, Any]]:
    (delivery,) = asked.collect_costs(window)
    rows: list[dict[str, Any]] = delivery.read(None).to_pylist()  # type: ignore[arg-type] # it needs no engine
    return rows


def test_a_day_is_a_row_for_each_group_and_the_end_is_outside(fake: FakeCostExplorer) -> None:
    fake.charges = [
        charge("1.5"),
        charge("2.25", hours=5),
        charge("4", hours=24),
        charge("8", hours=5 * 24),  # the first hour after the window
    ]
    rows = rows_of(source())
    assert [(row["ChargePeriodStart"], row["BilledCost"]) for row in rows] == [
        (FIRST, Decimal("3.75")),
        (FIRST + timedelta(days=1), Decimal(4)),
    ]
    assert {row["ChargePeriodEnd"] - row["ChargePeriodStart"] for row in rows} == {
        timedelta(days=1)
    }
    assert {row["BillingAccountId"] for row in rows} == {ACCOUNT}
    assert {row["x_Estimated"] for row in rows} == {None}


def test_months_are_told_apart(fake: FakeCostExplorer) -> None:
    fake.charges = [charge("1"), charge("2", hours=3 * 24)]
    assert [row["BillingPeriodStart"].month for row in rows_of(source())] == [9, 10]


def test_hours(fake: FakeCostExplorer) -> None:
    fake.charges = [charge("1"), charge("2", hours=1), charge("4", hours=1)]
    rows = rows_of(source(granularity="hourly"))
    assert [(row["ChargePeriodStart"].hour, row["BilledCost"]) for row in rows] == [
        (0, Decimal(1)),
        (1, Decimal(6)),
    ]
    assert fake.asked[-1]["TimePeriod"] == {
        "Start": "2026-09-28T00:00:00Z",
        "End": "2026-10-03T00:00:00Z",
    }


def test_what_aws_still_changes_is_told(fake: FakeCostExplorer) -> None:
    fake.charges = [charge("1"), charge("2", hours=3 * 24)]
    fake.estimated_from = date(2026, 10, 1)
    assert [row["x_Estimated"] for row in rows_of(source())] == [None, "true"]


def test_services_are_named_as_bills_in_focus_do(fake: FakeCostExplorer) -> None:
    names = [EC2, "EC2 - Other", "AmazonCloudWatch", "AWS Lambda", "Acme Firewall"]
    fake.charges = [charge("1", dimensions={"SERVICE": name}) for name in names]
    told = {row["x_CostExplorerService"]: row for row in rows_of(source())}
    assert {name: (row["ServiceName"], row["ServiceCategory"]) for name, row in told.items()} == {
        EC2: ("Amazon Elastic Compute Cloud", "Compute"),
        "EC2 - Other": ("Amazon Elastic Compute Cloud", "Compute"),
        "AmazonCloudWatch": ("Amazon CloudWatch", "Management and Governance"),
        "AWS Lambda": ("AWS Lambda", "Compute"),
        "Acme Firewall": ("Acme Firewall", "Other"),
    }


@pytest.mark.parametrize(
    ("record", "category", "correction"),
    [
        ("Usage", "Usage", None),
        ("SavingsPlanCoveredUsage", "Usage", None),
        ("SavingsPlanNegation", "Adjustment", None),
        ("SavingsPlanRecurringFee", "Purchase", None),
        ("Recurring", "Purchase", None),
        ("Upfront", "Purchase", None),
        ("Tax", "Tax", None),
        ("Credit", "Credit", None),
        ("Enterprise Discount Program Discount", "Credit", None),
        ("RiVolumeDiscount", "Credit", None),
        ("Refund", "Usage", "Correction"),
    ],
)
def test_kinds_of_charges_are_rows_of_their_own(
    fake: FakeCostExplorer, record: str, category: str, correction: str | None
) -> None:
    fake.charges = [
        charge("100", dimensions={"OPERATION": "other"}),
        charge("-7.5", dimensions={"RECORD_TYPE": record, "OPERATION": "this"}),
    ]
    rows = rows_of(source(group_by=["OPERATION"]))
    (row,) = [row for row in rows if row["x_Operation"] == "this"]
    assert row["BilledCost"] == Decimal("-7.5")
    assert row["x_LineItemType"] == record
    assert (row["ChargeCategory"], row["ChargeClass"]) == (category, correction)


def test_unblended_is_billed_and_amortised_is_effective(fake: FakeCostExplorer) -> None:
    fake.charges = [charge("10", amortized=Decimal(7), discount=Decimal(1))]
    (row,) = rows_of(source())
    assert (row["BilledCost"], row["EffectiveCost"]) == (Decimal(10), Decimal(7))
    (net,) = rows_of(source(net=True))
    assert (net["BilledCost"], net["EffectiveCost"]) == (Decimal(9), Decimal(6))
    assert fake.asked[-1]["Metrics"] == ["NetUnblendedCost", "NetAmortizedCost"]


def test_no_row_where_nothing_was_paid(fake: FakeCostExplorer) -> None:
    fake.charges = [charge("0"), charge("0", amortized=Decimal(2), hours=24)]
    (row,) = rows_of(source())
    assert (row["BilledCost"], row["EffectiveCost"]) == (Decimal(0), Decimal(2))


def test_pages_are_merged_by_day_and_group(fake: FakeCostExplorer) -> None:
    fake.charges = [
        charge(str(number + 1), hours=24 * day, dimensions={"SERVICE": f"service {number}"})
        for number in range(7)
        for day in range(2)
    ]
    whole = rows_of(source())
    fake.page_size, pages = 3, len(fake.asked)
    paged = rows_of(source())
    assert len(fake.asked) - pages > pages
    assert paged == whole
    assert len(whole) == 14


def test_the_names_of_accounts_come_with_the_answer(fake: FakeCostExplorer) -> None:
    fake.charges = [charge("1"), charge("2", dimensions={"LINKED_ACCOUNT": "000000000002"})]
    fake.account_names = {ACCOUNT: "payer"}
    assert {row["SubAccountId"]: row["SubAccountName"] for row in rows_of(source())} == {
        ACCOUNT: "payer",
        "000000000002": None,
    }


def test_tags_and_cost_categories(fake: FakeCostExplorer) -> None:
    fake.charges = [
        charge("1", tags={"team": "a"}, categories={"unit": "shop"}),
        charge("2", tags={"team": "A"}),
        charge("4", tags={"team": "NoRegion"}),
        charge("8"),
    ]
    rows = rows_of(source(group_by=["TAG:team", "COST_CATEGORY:unit", "SERVICE"]))
    assert {(row["Tags"], row["x_CostCategory_unit"]): row["BilledCost"] for row in rows} == {
        ('{"team": "a"}', "shop"): 1,
        ('{"team": "A"}', None): 2,
        ('{"team": "NoRegion"}', None): 4,
        ("{}", None): 8,
    }


def test_more_groupings_than_two_are_put_together(fake: FakeCostExplorer) -> None:
    fake.charges = [
        charge(
            str(2**number),
            dimensions={
                "LINKED_ACCOUNT": f"00000000000{number % 2}",
                **({"REGION": "eu-west-1"} if number % 3 else {}),
                "USAGE_TYPE": f"type {number % 4}",
            },
            tags={"team": "a"} if number % 5 else {},
        )
        for number in range(12)
    ]
    plain: dict[tuple[str | None, ...], Decimal] = defaultdict(Decimal)
    for one in fake.charges:
        told = one.dimensions
        tags = '{"team": "a"}' if one.tags else "{}"
        key = (told["LINKED_ACCOUNT"], told.get("REGION"), tags, told["USAGE_TYPE"])
        plain[key] += one.unblended
    rows = rows_of(source(group_by=["LINKED_ACCOUNT", "REGION", "TAG:team", "USAGE_TYPE"]))
    columns = ("SubAccountId", "RegionId", "Tags", "SkuMeter")
    assert {tuple(row[name] for name in columns): row["BilledCost"] for row in rows} == plain
    assert len(rows) == len(plain)
    assert {row["RegionId"] for row in rows} == {None, "eu-west-1"}
    assert all(len(question["GroupBy"]) <= 2 for question in fake.asked)


@pytest.mark.parametrize(
    "group_by",
    [
        ["LINKED_ACCOUNT", "SERVICE"],
        ["LINKED_ACCOUNT", "REGION", "SERVICE"],
        ["LINKED_ACCOUNT", "REGION", "TAG:team", "SERVICE"],
        ["LINKED_ACCOUNT", "REGION", "OPERATION", "TAG:team", "SERVICE"],
    ],
)
def test_what_a_filter_does_not_find_stays_in_the_total(
    fake: FakeCostExplorer, group_by: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    fake.charges = [
        charge("1", dimensions={"REGION": "eu-west-1"}),
        charge("2", dimensions={"REGION": "global"}, amortized=Decimal(7), found=False),
        charge("4", hours=24, found=False),
        charge("-0.5", hours=24, dimensions={"RECORD_TYPE": "Credit"}, found=False),
    ]
    rows = rows_of(source(group_by=group_by))
    for day, billed, effective in ((0, "3", "8"), (1, "3.5", "3.5")):
        of_day = [row for row in rows if row["ChargePeriodStart"] == FIRST + timedelta(days=day)]
        assert sum(row["BilledCost"] for row in of_day) == Decimal(billed)
        assert sum(row["EffectiveCost"] for row in of_day) == Decimal(effective)
    untold = [row for row in rows if row["ChargeDescription"]]
    assert sum(row["BilledCost"] for row in untold) == Decimal("5.5")
    assert {row["ChargeCategory"] for row in untold} == {"Credit", "Usage"}
    assert {row["ServiceName"] for row in untold} == {"AWS"}
    assert all("does not split this by" in row["ChargeDescription"] for row in untold)
    (warning,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert "Cost Explorer does not split all costs by" in warning.getMessage()


def test_the_rounding_of_aws_is_no_cost_that_is_missing() -> None:
    def answer(amount: str) -> Answer:
        return Answer(
            start="2026-09-28",
            end="2026-09-29",
            keys=("Usage",),
            amounts={"UnblendedCost": (amount, "USD")},
            estimated=False,
        )

    parts = [answer("0.3333333333")] * 3
    assert differences([answer("1.0000000000")], parts) == []
    (left,) = differences([answer("1.5")], parts)
    assert left.amounts == {"UnblendedCost": ("0.5000000001", "USD")}
    assert differences([], []) == []


@pytest.mark.parametrize(
    ("group_by", "words"),
    [
        (["SERVCE"], "did you mean 'SERVICE'"),
        (["RESOURCE_ID"], "does not group by 'RESOURCE_ID'"),
        (["RECORD_TYPE"], "must name at least one"),
        ([], "must name at least one"),
        (["TAG:"], "'TAG:'"),
    ],
)
def test_groupings_that_are_none(group_by: list[str], words: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=words):
        source(group_by=group_by)


def test_requests_are_counted_and_their_price_is_said(
    fake: FakeCostExplorer, caplog: pytest.LogCaptureFixture
) -> None:
    fake.charges = [charge("1"), charge("2", dimensions={"RECORD_TYPE": "Tax"})]
    fake.refusals = [("LimitExceededException", "too many")]
    asked = source()
    with caplog.at_level(logging.INFO, "finops_aws"):
        rows_of(asked)
    # One for the kinds of charges (repeated once), one for each of the two kinds.
    assert len(fake.asked) == 4
    assert asked.spent == "4 requests to Cost Explorer, about 0.04 USD"
    assert asked.requests == 5  # and one to ask whose account it is
    assert asked.spent in caplog.text


@pytest.mark.parametrize("throttled", [0, 9])
def test_it_stops_at_the_limit_pages_and_repeated_requests_included(
    fake: FakeCostExplorer, throttled: int
) -> None:
    fake.charges = [charge("1", dimensions={"SERVICE": f"service {n}"}) for n in range(30)]
    fake.page_size = 2
    fake.refusals = [("LimitExceededException", "too many")] * throttled
    asked = source(maximum_requests=4)
    with pytest.raises(AccessError, match=r"stopped at 4 requests .* about 0.04 USD") as stopped:
        rows_of(asked)
    assert "maximum_requests" in str(stopped.value)
    assert len(fake.asked) == 4
    assert asked.spent == "4 requests to Cost Explorer, about 0.04 USD"


@pytest.mark.parametrize(
    ("code", "message", "error", "words"),
    [
        (
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized to perform: ce:GetCostAndUsage on x",
            AccessError,
            ["allow ce:GetCostAndUsage", "finops aws permissions"],
        ),
        (
            "AccessDeniedException",
            "User not enabled for cost explorer access",
            AccessError,
            ["ce:GetCostAndUsage", "enable it in the AWS console"],
        ),
        (
            "ValidationException",
            "You haven't enabled historical data beyond 14 months",
            AccessError,
            ["beyond 14 months", "enable it in the AWS console"],
        ),
        (
            "DataUnavailableException",
            "Data is not available. Please try to adjust the time period.",
            DataError,
            ["Data is not available"],
        ),
        ("ExpiredTokenException", "expired", AccessError, ["sign in again"]),
        ("ValidationException", "nonsense", DataError, ["ce:GetCostAndUsage", "nonsense"]),
    ],
)
def test_what_aws_refuses_is_said_in_words(
    fake: FakeCostExplorer, code: str, message: str, error: type[Exception], words: list[str]
) -> None:
    fake.refusals = [(code, message)]
    with pytest.raises(error) as refused:
        rows_of(source())
    assert all(word in str(refused.value) for word in words), str(refused.value)


def test_throttled_for_minutes(fake: FakeCostExplorer) -> None:
    fake.refusals = [("LimitExceededException", "too many")] * 50
    with pytest.raises(RetryLaterError, match="busy at ce:GetCostAndUsage"):
        rows_of(source())
    assert 1 < len(fake.asked) < 20


def test_no_credentials(fake: FakeCostExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(AccessError, match="no AWS credentials"):
        rows_of(source())
    assert fake.asked == []


def test_what_fails_leaves_the_store_as_it_was_and_others_go_on(
    fake: FakeCostExplorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINOPS_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    pipeline = Pipeline.from_yaml(
        f"store: {{path: {tmp_path / 'costs'}}}\nwindow: {{days: 5}}\n"
        "sources: {asked: {use: aws.cost_explorer}, company: {use: demo}}\n"
    )
    fake.charges = [charge("3")]
    (done, other) = pipeline.run(until=WINDOW.end).steps[:2]
    assert done.message.endswith("; 2 requests to Cost Explorer, about 0.02 USD")
    assert done.requests == 3
    fake.refusals = [("AccessDeniedException", "perform: ce:GetCostAndUsage")]
    (failed, other) = pipeline.run(until=WINDOW.end).steps[:2]
    assert (failed.state, other.state) == ("failed", "done")
    assert failed.message.endswith("; 1 requests to Cost Explorer, about 0.01 USD")
    with Engine(threads=1) as engine:
        costs = CostSnapshot.of(CostStore(tmp_path / "costs"), engine)
        query = CostQuery(where={"source": "asked"})
        assert costs.ask(query)["EffectiveCost"].to_pylist() == [Decimal(3)]


_money = st.decimals(-10_000, 10_000, places=10, allow_nan=False)
_charges = st.lists(
    st.builds(
        Charge,
        hour=st.integers(0, 5 * 24 - 1).map(lambda hours: FIRST + timedelta(hours=hours)),
        unblended=_money,
        amortized=st.none() | _money,
        dimensions=st.fixed_dictionaries(
            {
                "RECORD_TYPE": st.sampled_from(["Usage", "Tax", "Credit", "SavingsPlanNegation"]),
                "SERVICE": st.sampled_from([EC2, "EC2 - Other", "AWS Lambda", "amazon lambda"]),
                "LINKED_ACCOUNT": st.sampled_from([ACCOUNT, "000000000002"]),
            },
            optional={"REGION": st.sampled_from(["eu-west-1", "global"])},
        ),
        tags=st.dictionaries(st.just("team"), st.sampled_from(["a", "A", "b$c"])),
    ),
    max_size=25,
)


@pytest.mark.parametrize("group_by", [("SERVICE",), ("TAG:team", "REGION", "SERVICE")])
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(charges=_charges, page_size=st.integers(1, 9))
def test_whatever_the_charges_the_store_adds_up_to_them(
    fake: FakeCostExplorer,
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    group_by: tuple[str, ...],
    charges: list[Charge],
    page_size: int,
) -> None:
    fake.charges, fake.page_size = charges, page_size
    plain: dict[tuple[date, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for one in charges:
        key = (one.hour.date(), one.dimensions["SERVICE"], one.dimensions["RECORD_TYPE"])
        costs = (one.amount("UnblendedCost"), one.amount("AmortizedCost"))
        plain[key] = [a + b for a, b in zip(plain[key], costs, strict=True)]
    store = CostStore(tmp_path_factory.mktemp("store"))
    (delivery,) = source(group_by=group_by, maximum_requests=10_000).collect_costs(WINDOW)
    result = store.ingest("asked", delivery, engine)
    assert result.refused == 0
    found: dict[tuple[date, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    if result.rows:
        costs_held = CostSnapshot.of(store, engine)
        for place, metric in enumerate(["UnblendedCost", "AmortizedCost"]):
            answer = ask_in_aws_words(
                costs_held,
                WINDOW,
                group_by=("SERVICE", "RECORD_TYPE"),
                metric=metric,
                granularity="DAILY",
            )
            for row in answer.to_pylist():
                found[row["Period"], row["SERVICE"], row["RECORD_TYPE"]][place] = row[metric]
    for key in plain.keys() | found.keys():
        assert plain[key] == found[key], key


class TestCostExplorer(SourceContract):
    """What every source promises, with the fake as its cloud."""

    plugin = "aws.cost_explorer"
    window = DateWindow(date(2026, 9, 10), date(2026, 10, 20))

    @pytest.fixture(autouse=True)
    def _cloud(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        fake = FakeCostExplorer(charge("1.5", hours=24 * day) for day in range(-18, 22))
        with _serving(fake, monkeypatch):
            yield
