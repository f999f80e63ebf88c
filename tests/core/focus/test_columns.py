"""The columns of every version agree with the specification's own counts and lists."""

from __future__ import annotations

import subprocess
import sys

import pytest

from finops_cost_management.errors import ConfigurationError
from finops_cost_management.focus.columns import (
    COST_AND_USAGE,
    SERVICE_SUBCATEGORIES,
    VERSIONS,
    columns_of,
)

pytestmark = pytest.mark.vendor_example


@pytest.mark.parametrize(
    ("version", "count"),
    [("1.0", 43), ("1.1", 50), ("1.2", 57), ("1.3", 65), ("1.4", 65)],
)
def test_a_version_has_as_many_columns_as_the_specification_says(version: str, count: int) -> None:
    assert len(columns_of(version)) == count


def test_levels_of_1_0_and_1_2_are_those_of_the_specification() -> None:
    levels = [column.level for column in columns_of("1.0")]
    assert [levels.count(level) for level in ("Mandatory", "Conditional", "Recommended")] == [
        21,
        20,
        2,
    ]
    assert sum(column.level == "Mandatory" for column in columns_of("1.2")) == 21


def test_1_4_replaces_provider_and_publisher() -> None:
    names = {column.name for column in columns_of("1.3")}
    assert {"ProviderName", "PublisherName", "ServiceProviderName", "HostProviderName"} <= names
    assert names - COST_AND_USAGE.keys() == {"ProviderName", "PublisherName"}
    assert COST_AND_USAGE.keys() - names == {
        "CommitmentProgramEligibilityDetails",
        "InvoiceDetailId",
    }


def test_the_model_is_the_newest_version_in_a_stable_order() -> None:
    assert list(COST_AND_USAGE) == [column.name for column in columns_of(VERSIONS[-1])]
    assert list(COST_AND_USAGE) == sorted(COST_AND_USAGE)


def test_every_subcategory_has_one_category_and_82_are_known() -> None:
    every = [name for names in SERVICE_SUBCATEGORIES.values() for name in names]
    assert len(every) == len(set(every)) == 82
    assert set(SERVICE_SUBCATEGORIES) == set(COST_AND_USAGE["ServiceCategory"].values)
    assert set(every) == set(COST_AND_USAGE["ServiceSubcategory"].values)


def test_former_values_lead_to_allowed_ones() -> None:
    for column in COST_AND_USAGE.values():
        assert set(column.former_values.values()) <= set(column.values)


def test_an_unknown_version_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"'2\.0' is not a known version.*1\.4"):
        columns_of("2.0")


def test_columns_load_without_pydantic_or_numeric_libraries() -> None:
    code = (
        "import sys, finops_cost_management.focus.columns;"
        "sys.exit(bool({'pydantic', 'ibis', 'numpy', 'pyarrow', 'duckdb'} & sys.modules.keys()))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    )  # our own words
