"""Kubernetes costs in tables: no cents where there are none, unknown is no figure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finops_cost_management import PodCost
from finops_cost_management.query.kubernetes import PART_OF
from finops_cost_management.report.kubernetes_rows import cost_rows, full_cost_row

pytestmark = [pytest.mark.real_component, pytest.mark.invented]


def pod(cores: str | None, *, cluster: str = "east") -> PodCost:
    costs = {**dict.fromkeys(PART_OF.values(), Decimal(0)), "cpu_cost": Decimal("1200.4")}
    return PodCost(
        currency="JPY",
        cluster=cluster,
        namespace="shop",
        pod="cart-1",
        container="main",
        cpu_cores=None if cores is None else Decimal(cores),
        memory_gb=Decimal(0),
        hours=None,
        **costs,
    )


def test_cores_are_no_money() -> None:
    (row,) = cost_rows([pod("1.25")])
    assert (row["Cores"], row["GiB"], row["Total"]) == ("1.25", "0.00", "1,200 JPY")
    assert "Cluster" not in row


def test_what_is_unknown_is_said() -> None:
    first, _ = cost_rows([pod(None), pod("1", cluster="west")])
    assert (first["Cluster"], first["Cores"]) == ("east", "unknown")


def test_programs_get_everything() -> None:
    row = full_cost_row(pod(None))
    assert list(row) == [
        *("cluster", "namespace", "pod", "container", "cpu_cores", "memory_gb", "hours"),
        *("currency", *PART_OF.values(), "total_cost"),
    ]
    assert (row["cpu_cores"], row["total_cost"]) == (None, Decimal("1200.4"))
