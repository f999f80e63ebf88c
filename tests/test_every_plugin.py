"""Every plugin that is installed keeps the contract of its kind: nothing ships without it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from finops_cost_management.plugins.component import KINDS
from finops_cost_management.plugins.registry import COMMANDS, OBSERVERS, Registry
from finops_cost_management.testing import (
    DetectorContract,
    ExporterContract,
    ForecasterContract,
    NotifierContract,
    OptimizerContract,
    PluginContract,
    SourceContract,
)

if TYPE_CHECKING:
    from finops_cost_management.plugins.registry import PluginInfo

pytestmark = pytest.mark.real_component

CONTRACTS: dict[str, type[PluginContract]] = {
    contract.kind: contract
    for contract in (
        SourceContract,
        DetectorContract,
        ForecasterContract,
        OptimizerContract,
        ExporterContract,
        NotifierContract,
    )
}


@pytest.fixture(autouse=True)
def _focus_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to work in, with two months of a bill for sources that read files."""
    monkeypatch.chdir(tmp_path)
    columns = {
        "BilledCost": "1.5",
        "EffectiveCost": "1.25",
        "ListCost": "2",
        "ContractedCost": "1.75",
        "BillingCurrency": "USD",
        "BillingAccountId": "0123",
        "ChargeCategory": "Usage",
        "ChargePeriodStart": "2026-{month:02}-{day:02}T00:00:00Z",
        "ChargePeriodEnd": "2026-{month:02}-{day:02}T12:00:00Z",
        "BillingPeriodStart": "2026-{month:02}-01T00:00:00Z",
        "BillingPeriodEnd": "2026-{next:02}-01T00:00:00Z",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "InvoiceIssuerName": "AWS",
        "ServiceName": "Amazon EC2",
        "ServiceCategory": "Compute",
    }
    Path("exports").mkdir()
    for month in (9, 10):
        with Path("exports", f"2026-{month:02}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for day in range(1, 29):
                writer.writerow(
                    value.format(month=month, day=day, next=month + 1) for value in columns.values()
                )


OPTIONS: dict[tuple[str, str], dict[str, Any]] = {("sources", "focus.files"): {"path": "exports"}}
"""Options that are required, by kind and name; the others are tested with their defaults."""

TESTED_ELSEWHERE = {
    ("sources", "aws.cost_and_usage"),
    ("sources", "aws.cost_explorer"),
    ("sources", "aws.focus_export"),
    ("sources", "aws.organizations"),
    ("sources", "kubecost.allocation"),
}
"""What needs a cloud or its files: ``tests/plugins`` has its contract, with a stand-in for them."""


def _contract(info: PluginInfo) -> type[PluginContract]:
    words = [info.kind, *info.name.replace(".", "_").split("_")]
    return type(
        "Test" + "".join(map(str.capitalize, words)),
        (CONTRACTS[info.kind],),
        {
            "__module__": __name__,
            "plugin": info.name,
            "options": OPTIONS.get((info.kind, info.name), {}),
        },
    )


_INSTALLED = [info for kind in KINDS for info in Registry().available(kind)]

for _info in {info.value: info for info in _INSTALLED}.values():  # one class may have two names
    if (_info.kind, _info.name) in TESTED_ELSEWHERE:
        continue
    _test = _contract(_info)
    globals()[_test.__name__] = _test


def test_every_kind_has_a_contract() -> None:
    assert CONTRACTS.keys() == KINDS.keys()


@pytest.mark.parametrize(
    "info",
    [*_INSTALLED, *Registry().available(OBSERVERS), *Registry().available(COMMANDS)],
    ids=lambda info: f"{info.kind}-{info.name}",
)
def test_check_finds_nothing(info: PluginInfo) -> None:
    assert Registry().check(info) == []
