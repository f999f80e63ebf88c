"""Which version a header is, and where its columns go."""

from __future__ import annotations

import pytest

from finops_cost_management.errors import DataError
from finops_cost_management.focus.columns import VERSIONS, columns_of
from finops_cost_management.focus.header import REQUIRED, Header, recognise

pytestmark = pytest.mark.real_component


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_is_recognised_by_its_own_columns(version: str) -> None:
    assert recognise(column.name for column in columns_of(version)) == version


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.4"])
def test_mandatory_columns_and_one_new_one_are_enough(version: str) -> None:
    new = next(column.name for column in columns_of(version) if column.since == version)
    assert recognise([*REQUIRED, "ChargeClass", new]) == version


def test_1_4_without_its_conditional_columns_is_told_by_what_it_has_no_more() -> None:
    assert recognise([*REQUIRED, "ServiceProviderName"]) == "1.4"
    assert recognise([*REQUIRED, "ServiceProviderName", "ProviderName"]) == "1.3"


def test_letter_case_does_not_matter() -> None:
    assert recognise(name.upper() for name in [*REQUIRED, "SkuMeter"]) == "1.1"


def test_missing_columns_are_named_with_the_nearest_that_are_there() -> None:
    names = [*(set(REQUIRED) - {"BilledCost", "BillingCurrency"}), "Billed_Costs", "Currency"]
    with pytest.raises(DataError) as caught:
        recognise(names)
    assert "it lacks BilledCost, BillingCurrency" in str(caught.value)
    assert "Billed_Costs for BilledCost" in str(caught.value)


def test_a_foreign_file_is_told_by_its_columns() -> None:
    with pytest.raises(DataError, match="it has lineItem/UsageAccountId, cost"):
        recognise(["lineItem/UsageAccountId", "cost"])


def test_extras_get_names_that_nothing_else_has() -> None:
    names = [*REQUIRED, "Id", "x_Id", "X_ID", "Cost Center", "x_Source", "x_RefusedReason"]
    assert dict(Header.of(names).extras) == {
        "x_Id": "Id",
        "x_Id_2": "x_Id",
        "x_ID_3": "X_ID",
        "x_Cost_Center": "Cost Center",
        "x_Source_2": "x_Source",
        "x_RefusedReason_2": "x_RefusedReason",
    }


def test_a_former_name_counts_only_where_the_present_one_is_absent() -> None:
    old = Header.of([*REQUIRED, "Region", "UsageQuantity"])
    assert old.found["RegionId"] == old.found["RegionName"] == "Region"
    assert old.found["ConsumedQuantity"] == "UsageQuantity"
    both = Header.of([*REQUIRED, "Region", "RegionId", "RegionName"])
    assert both.found["RegionId"] == "RegionId"
    assert dict(both.extras) == {"x_Region": "Region"}


def test_a_later_column_is_found_under_its_x_name() -> None:
    early = Header.of([*REQUIRED, "x_InvoiceId", "x_Tags", "Tags"])
    assert early.found["InvoiceId"] == "x_InvoiceId"
    assert dict(early.extras) == {"x_Tags": "x_Tags"}
