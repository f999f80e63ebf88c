"""How rows of any version, typed or not, come into the model."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_cost_management.errors import DataError
from finops_cost_management.focus.columns import COST_AND_USAGE
from finops_cost_management.focus.reading import read_files, to_focus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from finops_cost_management.engine import Engine

pytestmark = pytest.mark.invented


NINE = datetime(2026, 5, 9, tzinfo=UTC)


def test_the_model_has_its_columns_in_order_and_type(
    engine: Engine, write_csv: Callable[..., Path]
) -> None:
    rows = to_focus(read_files(engine, [write_csv({"Id": "7"})]))
    assert list(rows.columns[:65]) == list(COST_AND_USAGE)
    assert rows.columns[65:] == (
        "x_Id",
        "x_ProviderName",
        "x_PublisherName",
        "x_UnreadTags",
        "x_UnreadValues",
        "x_RefusedReason",
    )
    schema = engine.ibis.to_pyarrow(rows).schema
    types = {"Decimal": pa.decimal128(38, 12), "Date/Time": pa.timestamp("us", tz="UTC")}
    for name, column in COST_AND_USAGE.items():
        assert schema.field(name).type == types.get(column.type, pa.string()), name
    assert all(schema.field(name).type == pa.string() for name in schema.names[65:])


def test_what_a_file_does_not_say_is_null_and_not_zero(read: Any, write_csv: Any) -> None:
    (row,) = read(write_csv())
    assert row["BilledCost"] == Decimal("1.5")
    for name in ("EffectiveCost", "ListCost", "ContractedCost", "PricingCurrency", "Tags"):
        assert row[name] is None
    assert row["x_RefusedReason"] is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-7.0E-10", "-0.0000000007"),
        ("4e-10", "0.0000000004"),
        ("0.00 ", "0"),
        ("+5", "5"),
        (".5", "0.5"),
        ("0.12345678901250001", "0.123456789013"),
        ("99999999999999999999999999.5", "99999999999999999999999999.5"),
    ],
)
def test_numbers_as_text(read: Any, write_csv: Any, text: str, value: str) -> None:
    (row,) = read(write_csv({"BilledCost": text}))
    assert row["BilledCost"] == Decimal(value)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-05-09T00:00:00Z", NINE),
        ("2026-05-09 00:00:00", NINE),
        ("2026-05-09", NINE),
        ("2026-05-09T02:00:00+02:00", NINE),
        ("2026-05-08T19:00:00-0500", NINE),
        ("2026-05-09T00:00:00.250Z", NINE + timedelta(milliseconds=250)),
        ("2026-05-09T00:00:00.1234567+00:00", NINE + timedelta(microseconds=123456)),
    ],
)
def test_instants_as_text(read: Any, write_csv: Any, text: str, instant: datetime) -> None:
    (row,) = read(write_csv({"ChargePeriodStart": text}))
    assert row["ChargePeriodStart"] == instant


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("BilledCost", "", "BilledCost is missing"),
        ("BilledCost", "NULL", "BilledCost is missing"),
        ("BilledCost", "$50,000.00 ", "BilledCost is '$50,000.00 ', not a finite decimal number"),
        ("BilledCost", "NaN", "BilledCost is 'NaN', not a finite"),
        ("BilledCost", "inf", "BilledCost is 'inf', not a finite"),
        ("BilledCost", "1e26", "BilledCost is '1e26', not a finite decimal number up to 10^18"),
        ("BilledCost", "-1e19", "BilledCost is '-1e19', not a finite decimal number up to 10^18"),
        (
            "ListCost",
            "1000000000000000000.01",
            "ListCost is '1000000000000000000.01', not a finite",
        ),
        ("BilledCost", "1_000", "BilledCost is '1_000', not a finite"),
        ("EffectiveCost", "free", "EffectiveCost is 'free', not a finite decimal number"),
        ("BillingCurrency", "", "BillingCurrency is missing"),
        ("ChargePeriodStart", "5/1/25", "ChargePeriodStart is '5/1/25', not a date and time"),
        ("ChargePeriodStart", "infinity", "ChargePeriodStart is 'infinity', not a date"),
        ("ChargePeriodEnd", "2026-05-09T30:00:00Z", "is '2026-05-09T30:00:00Z', not a date"),
        ("ChargePeriodEnd", "2026-05-09T12:00:00Z", "is not later than ChargePeriodStart 2026-05"),
        ("BillingPeriodEnd", "2026-04-01T00:00:00Z", "is not later than BillingPeriodStart 2026"),
        ("BillingPeriodStart", "null", "BillingPeriodStart is missing"),
        ("BillingPeriodStart", "0001-01-01", "0001-01-01, not in the years 1990 to 2100"),
        ("BillingPeriodEnd", "9999-12-31", "BillingPeriodEnd is 9999-12-31, not in the years"),
        ("ChargePeriodStart", "1989-12-31T23:59:59Z", "23:59:59Z, not in the years 1990 to 2100"),
        ("ChargePeriodEnd", "2101-01-01", "ChargePeriodEnd is 2101-01-01, not in the years"),
        ("ChargeCategory", "Gift", "ChargeCategory is 'Gift', not one of Usage, Purchase"),
        ("ChargeCategory", "", "ChargeCategory is missing"),
    ],
)
def test_a_row_is_refused_in_words(
    read: Any, write_csv: Any, column: str, text: str, reason: str
) -> None:
    refused, accepted = sorted(
        read(write_csv({column: text, "Id": "1"}, {"Id": "2"})), key=lambda row: row["x_Id"]
    )
    assert reason in refused["x_RefusedReason"]
    assert accepted["x_RefusedReason"] is None


def test_all_reasons_of_a_row_are_told(read: Any, write_csv: Any) -> None:
    (row,) = read(write_csv({"BilledCost": "", "BillingCurrency": "", "ChargeCategory": "?"}))
    assert [part.split(" ")[0] for part in row["x_RefusedReason"].split("; ")] == [
        "BilledCost",
        "BillingCurrency",
        "ChargeCategory",
    ]


def test_softly_unreadable_cells_are_kept_aside_and_the_row_counts(
    read: Any, write_csv: Any
) -> None:
    (row,) = read(
        write_csv({"ListUnitPrice": "N/A", "SkuPriceDetails": "2 cores", "Tags": "team=a"})
    )
    assert row["x_RefusedReason"] is None
    assert row["ListUnitPrice"] is row["SkuPriceDetails"] is row["Tags"] is None
    assert row["x_UnreadValues"] == "ListUnitPrice: N/A; SkuPriceDetails: 2 cores"
    assert row["x_UnreadTags"] == "team=a"


def test_null_words_are_null_only_without_types(read: Any, write_csv: Any, typed: Any) -> None:
    (row,) = read(write_csv({"ResourceName": "NULL", "ResourceId": "null", "SkuId": "None"}))
    assert row["ResourceName"] is row["ResourceId"] is None
    assert row["SkuId"] == "None"
    row = typed(BilledCost=pa.array([1.5]), ResourceName=pa.array(["NULL"]), SkuId=pa.array([""]))
    assert row["ResourceName"] == "NULL"
    assert row["SkuId"] is None


@pytest.mark.parametrize(
    ("column", "given", "known"),
    [
        ("ChargeFrequency", "Usage-based", "Usage-Based"),
        ("ChargeFrequency", "OneTime", "One-Time"),
        ("ChargeCategory", "USAGE", "Usage"),
        ("PricingCategory", "On-Demand", "Standard"),
        ("PricingCategory", "Commitment-Based", "Committed"),
        ("ServiceCategory", "ai and machine learning", "AI and Machine Learning"),
        ("ServiceCategory", "Blockchain", "Blockchain"),
    ],
)
def test_known_values_get_their_spelling_and_others_stay(
    read: Any, write_csv: Any, column: str, given: str, known: str
) -> None:
    (row,) = read(write_csv({column: given}))
    assert row[column] == known
    assert row["x_RefusedReason"] is None


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        ('{"env": "prod"}', {"env": "prod"}),
        ('"env": "prod","org": "trey"', {"env": "prod", "org": "trey"}),
        ("{}", None),
        ("NULL", None),
    ],
)
def test_tags_as_text(read: Any, write_csv: Any, given: str, tags: dict[str, str] | None) -> None:
    (row,) = read(write_csv({"Tags": given}))
    assert (row["Tags"] and json.loads(row["Tags"])) == tags
    assert row["x_UnreadTags"] is None


PAIR = pa.struct([("key", pa.string()), ("value", pa.string())])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([("a", 'x"y'), ("b", "1")], pa.map_(pa.string(), pa.string())),
        ({"a": 'x"y', "b": "1", "c": None}, pa.struct([(name, pa.string()) for name in "abc"])),
        ([{"key": "a", "value": 'x"y'}, {"key": "b", "value": "1"}], pa.list_(PAIR)),
        (
            {"key_value": [{"key": "a", "value": 'x"y'}, {"key": "b", "value": "1"}]},
            pa.struct([("key_value", pa.list_(PAIR))]),
        ),
    ],
    ids=["map", "struct", "list", "key_value"],
)
def test_nested_tags(typed: Any, value: Any, kind: pa.DataType) -> None:
    row = typed(Tags=pa.array([value], kind))
    assert json.loads(row["Tags"]) == {"a": 'x"y', "b": "1"}
    assert row["x_UnreadTags"] is None


@pytest.mark.parametrize("kind", [pa.map_(pa.string(), pa.string()), pa.list_(PAIR)])
def test_empty_nested_tags_are_null(typed: Any, kind: pa.DataType) -> None:
    row = typed(Tags=pa.array([[]], kind))
    assert row["Tags"] is row["x_UnreadTags"] is None


@pytest.mark.parametrize(
    ("array", "value"),
    [
        (pa.array([123456789.123]), "123456789.123"),
        (pa.array([0.1], pa.float32()), "0.1"),
        (pa.array([-3], pa.int64()), "-3"),
        (pa.array([Decimal("1.5")], pa.decimal128(10, 2)), "1.5"),
        (pa.array([Decimal("1.5")], pa.decimal128(38, 12)), "1.5"),
    ],
)
def test_typed_costs_become_exact_decimals(typed: Any, array: pa.Array, value: str) -> None:
    assert typed(BilledCost=array)["BilledCost"] == Decimal(value)


def test_typed_costs_that_are_no_numbers_refuse_the_row(typed: Any) -> None:
    assert typed(BilledCost=pa.array([float("nan")]))["x_RefusedReason"] == "BilledCost is missing"
    assert "'inf'" in typed(BilledCost=pa.array([float("inf")]))["x_RefusedReason"]
    assert typed(EffectiveCost=pa.array([float("nan")]))["EffectiveCost"] is None


@pytest.mark.parametrize(
    "array",
    [
        pa.array([NINE], pa.timestamp("us", "UTC")),
        pa.array([NINE], pa.timestamp("ns", "UTC")),
        pa.array([NINE.replace(tzinfo=None)], pa.timestamp("us")),
        pa.array([NINE.replace(tzinfo=None)], pa.timestamp("ns")),
        pa.array([NINE.replace(tzinfo=None)], pa.timestamp("ms")),
        pa.array([NINE.replace(tzinfo=None)], pa.timestamp("s")),
        pa.array([NINE.astimezone(timezone(timedelta(hours=2)))], pa.timestamp("us", "+02:00")),
        pa.array([date(2026, 5, 9)]),
    ],
    ids=lambda array: str(array.type),
)
def test_typed_instants(typed: Any, array: pa.Array) -> None:
    row = typed(ChargePeriodStart=array)
    assert row["ChargePeriodStart"] == NINE
    assert row["x_RefusedReason"] is None


def test_account_ids_stay_text(read: Any, write_csv: Any) -> None:
    (row,) = read(write_csv({"BillingAccountId": "000123", "ProviderName": "AWS"}))
    assert row["BillingAccountId"] == "000123"


@pytest.mark.parametrize(
    ("provider", "array", "text"),
    [
        ("AWS", pa.array([12345678901]), "012345678901"),
        ("Amazon Web Services", pa.array([123456789012.0]), "123456789012"),
        ("AWS", pa.array([1234567890123]), "1234567890123"),
        ("Microsoft", pa.array([8611537]), "8611537"),
        ("Microsoft", pa.array([1.2345678901234568e18]), "1234567890123456768"),
        ("Oracle", pa.array([Decimal("42.00")]), "42"),
    ],
)
def test_account_ids_that_became_numbers(
    typed: Any, provider: str, array: pa.Array, text: str
) -> None:
    row = typed(BillingAccountId=array, ProviderName=pa.array([provider]))
    assert row["BillingAccountId"] == text


@pytest.mark.parametrize("cost", ["1000000000000000000", "-1000000000000000000"])
def test_the_largest_cost_counts(read: Any, write_csv: Any, cost: str) -> None:
    (row,) = read(write_csv({"BilledCost": cost, "EffectiveCost": cost}))
    assert row["BilledCost"] == Decimal(cost)
    assert row["x_RefusedReason"] is None


@pytest.mark.parametrize(
    ("column", "array", "reason"),
    [
        (
            "EffectiveCost",
            pa.array([-Decimal(10**18) - 1], pa.decimal128(38, 12)),
            "EffectiveCost is '-1000000000000000001.000000000000', not a finite decimal number",
        ),
        (
            "BillingPeriodStart",
            pa.array([datetime(1989, 12, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "BillingPeriodStart is 1989-12-01 00:00:00+00, not in the years 1990 to 2100",
        ),
        (
            "ChargePeriodEnd",
            pa.array([datetime(2101, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "ChargePeriodEnd is 2101-01-01 00:00:00+00, not in the years 1990 to 2100",
        ),
    ],
)
def test_typed_values_beyond_belief_refuse_the_row(
    typed: Any, column: str, array: pa.Array, reason: str
) -> None:
    row = typed(**{column: array})
    assert row["x_RefusedReason"].startswith(reason)


def test_an_empty_text_is_no_value_whatever_the_types(typed: Any) -> None:
    row = typed(
        BilledCost=pa.array([Decimal("1.5")]),
        ResourceName=pa.array([""]),
        x_Team=pa.array([""]),
        BillingAccountId=pa.array([""]),
    )
    assert row["ResourceName"] is row["x_Team"] is row["BillingAccountId"] is None


def test_a_null_column_of_no_type_is_null(typed: Any) -> None:
    row = typed(Tags=pa.nulls(1), EffectiveCost=pa.nulls(1), ResourceId=pa.nulls(1))
    assert row["Tags"] is row["EffectiveCost"] is row["ResourceId"] is None
    assert row["x_RefusedReason"] is None


def test_extra_columns_become_text(typed: Any) -> None:
    row = typed(
        Rate=pa.array([0.25]),
        x_Discounts=pa.array([[("edp", "1")]], pa.map_(pa.string(), pa.string())),
        Final=pa.array([True]),
    )
    assert (row["x_Rate"], row["x_Final"]) == ("0.25", "true")
    assert json.loads(row["x_Discounts"]) == {"edp": "1"}


@pytest.mark.parametrize(
    ("given", "service_and_host"),
    [
        (("Amazon Web Services", "Amazon Web Services EMEA SARL"), ("AWS", "AWS")),
        (("AWS", "Red Hat Inc."), ("Red Hat Inc.", "AWS")),
        (("Azure", ""), ("Microsoft", "Microsoft")),
        (("GCP", "Google LLC"), ("Google Cloud", "Google Cloud")),
        (("Oracle Cloud Infrastructure", "oracle"), ("Oracle", "Oracle")),
        (("Snowflake", "Snowflake"), ("Snowflake", "Snowflake")),
        (("AWS", "Microsoft Corporation"), ("Microsoft", "AWS")),
        (("Googleplex Cleaning", ""), ("Googleplex Cleaning", "Googleplex Cleaning")),
    ],
)
def test_provider_and_publisher_become_service_and_host_provider(
    read: Any, write_csv: Any, given: tuple[str, str], service_and_host: tuple[str, str]
) -> None:
    provider, publisher = given
    (row,) = read(write_csv({"ProviderName": provider, "PublisherName": publisher}))
    assert (row["ServiceProviderName"], row["HostProviderName"]) == service_and_host
    assert row["x_ProviderName"] == (provider if row["HostProviderName"] != provider else None)


def test_a_1_4_file_keeps_an_unknown_host_unknown(read: Any, write_csv: Any) -> None:
    (row,) = read(write_csv({"ServiceProviderName": "Datadog", "HostProviderName": ""}))
    assert (row["ServiceProviderName"], row["HostProviderName"]) == ("Datadog", None)


def test_names_and_values_of_1_0_preview(read: Any, write_csv: Any) -> None:
    used, credit = sorted(
        read(
            write_csv(
                {
                    "Provider": "OCI",
                    "Publisher": "Oracle",
                    "InvoiceIssuer": "Oracle",
                    "Region": "eu-frankfurt-1",
                    "UsageQuantity": "3",
                    "UsageUnit": "Hours",
                    "AmortizedCost": "1.25",
                    "PricingCategory": "Commitment-Based",
                    "ChargeSubcategory": "Used Commitment",
                },
                {"ChargeCategory": "Adjustment", "ChargeSubcategory": "Credit"},
            )
        ),
        key=lambda row: row["ChargeCategory"],
        reverse=True,
    )
    assert used["ServiceProviderName"] == used["InvoiceIssuerName"] == "Oracle"
    assert used["RegionId"] == used["RegionName"] == "eu-frankfurt-1"
    assert (used["ConsumedQuantity"], used["ConsumedUnit"]) == (Decimal(3), "Hours")
    assert used["EffectiveCost"] == Decimal("1.25")
    assert used["PricingCategory"] == "Committed"
    assert used["CommitmentDiscountStatus"] == "Used"
    assert used["x_ChargeSubcategory"] == "Used Commitment"
    assert credit["ChargeCategory"] == "Credit"


def test_missing_columns_are_told_before_a_row_is_read(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "cur.csv"
    path.write_text("lineItem/UnblendedCost,BilledCost\nbroken,1\n")
    with pytest.raises(DataError, match="it lacks BillingCurrency, BillingPeriodEnd"):
        to_focus(read_files(engine, [path]))


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12
) | st.sampled_from(
    ["1", "-0.5", "1e-9", "1e400", "NULL", "{", '{"a":1}', '"a":1', "2026-05-09", "Usage", "AWS"]
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                [
                    *("BilledCost", "ListCost", "PricingQuantity", "ChargePeriodStart"),
                    *("BillingPeriodEnd", "ChargeCategory", "BillingCurrency", "Tags"),
                    *("SkuPriceDetails", "ProviderName", "PublisherName", "Id", "Region"),
                    *("ServiceCategory", "CommitmentDiscountStatus", "ChargeSubcategory"),
                ]
            ),
            CELL,
        ),
        min_size=1,
        max_size=40,
    )
)
def test_no_text_can_break_the_reader_and_no_row_or_cent_is_lost(
    engine: Engine, charge: dict[str, str], rows: list[dict[str, str]]
) -> None:
    full = [charge | row for row in rows]
    names = list(dict.fromkeys(name for row in full for name in row))
    raw = pa.table({name: pa.array([row.get(name) for row in full], pa.string()) for name in names})
    read = engine.ibis.to_pyarrow(to_focus(engine.table_of(raw))).to_pylist()
    assert len(read) == len(full)
    accepted = [row for row in read if row["x_RefusedReason"] is None]
    for row in accepted:
        assert row["BilledCost"] is not None
        assert row["BillingCurrency"]
        assert row["ChargePeriodStart"] < row["ChargePeriodEnd"]
        assert row["Tags"] is None or isinstance(json.loads(row["Tags"]), dict)
    plain = [row["BilledCost"] for row in full if row["BilledCost"] in ("1", "-0.5", "1.5")]
    kept = [row["BilledCost"] for row in read if row["BilledCost"] is not None]
    for text in set(plain):
        assert kept.count(Decimal(text)) >= plain.count(text)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.decimals(
            allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=12
        ),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from("ef"),
)
def test_sums_of_accepted_rows_are_exact(
    engine: Engine, charge: dict[str, str], amounts: list[Decimal], form: str
) -> None:
    texts = [format(amount, form) for amount in amounts]
    raw = pa.table(
        {name: [value] * len(texts) for name, value in charge.items()} | {"BilledCost": texts}
    )
    rows = to_focus(engine.table_of(raw))
    total = engine.ibis.to_pyarrow(rows.BilledCost.sum()).as_py()
    assert total == sum(amounts)
