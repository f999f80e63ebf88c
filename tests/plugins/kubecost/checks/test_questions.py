"""What checks make of servers that fail, lag, lie about, or have several clusters."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_cost_management import DateWindow, Optimizer, SavingsAnswer
from finops_cost_management.plugins.savings_case import CASE_END
from finops_kubecost.checks.abandoned_workloads import AbandonedWorkloads
from finops_kubecost.checks.allocations import number, read_allocation
from finops_kubecost.checks.cluster_case import container, server
from finops_kubecost.checks.idle_nodes import IdleNodes
from finops_kubecost.checks.oversized_volumes import OversizedVolumes
from finops_kubecost.checks.request_sizing import RequestSizing
from finops_kubecost.checks.unclaimed_volumes import UnclaimedVolumes
from finops_kubecost.fake_kubecost import FakeKubecost, Told

Find = Callable[..., SavingsAnswer]
CHECKS = (AbandonedWorkloads, IdleNodes, OversizedVolumes, RequestSizing, UnclaimedVolumes)


def large(**more: Any) -> Told:
    return container("web", cpu=("2", "0.2", "0.4"), memory=("4", "0.5", "1"), **more)


def ask(check: type[Optimizer[Any]], until: date, **options: Any) -> SavingsAnswer:
    component: Any = check(check.Options.model_validate(options), name="tested")
    answer: SavingsAnswer = component.find_savings(
        costs=None, window=DateWindow.last(30, until=until)
    )
    return answer


@pytest.mark.model_checked_fake
def test_over_the_network_it_is_the_same(find: Find) -> None:
    fake = server(lambda _: [large()])
    with fake.served() as address:
        served = ask(RequestSizing, CASE_END, url=address)
    assert served.findings == find(RequestSizing, fake).findings
    assert len(served.findings) == 1


@pytest.mark.model_checked_fake
def test_a_day_that_fails_is_unknown_and_the_others_count(find: Find) -> None:
    fake = server(lambda _: [large()])
    fake.failures = []
    answered = fake.answer

    def failing(path: str, parameters: Any) -> tuple[int, str, bytes]:
        if parameters.get("window", "").startswith("2026-09-20"):
            return 400, "text/plain", b"something about this day"
        return answered(path, parameters)

    fake.answer = failing  # type: ignore[method-assign] # one day of it fails
    answer = find(RequestSizing, fake)
    (unknown,) = answer.unknown
    assert unknown.broad
    assert "2026-09-20" in unknown.subject
    assert "something about this day" in unknown.reason
    (found,) = answer.findings
    assert found.evidence["days"] == "13"
    assert (
        found.estimated_monthly_savings
        == find(RequestSizing, server(lambda _: [large()])).findings[0].estimated_monthly_savings
    )


@pytest.mark.model_checked_fake
def test_a_server_that_fails_every_day_is_not_asked_again_and_again() -> None:
    fake = server(lambda _: [large()])
    fake.failures = [503] * 1000
    with fake.served() as address:
        answer = ask(RequestSizing, CASE_END, url=address)
    (unknown,) = answer.unknown
    assert unknown.broad
    assert len(fake.asked) < 20
    assert not answer.findings


@pytest.mark.model_checked_fake
@pytest.mark.parametrize("check", CHECKS)
def test_nobody_there_is_one_unknown(check: type[Optimizer[Any]]) -> None:
    answer = ask(check, CASE_END, url="http://127.0.0.1:9")
    (unknown,) = answer.unknown
    assert unknown.broad
    assert "failed to connect" in unknown.reason
    assert not answer.findings


@pytest.mark.model_checked_fake
@pytest.mark.parametrize("check", CHECKS)
def test_the_key_is_never_told(check: type[Optimizer[Any]]) -> None:
    fake = server(lambda _: [large()], advice={})
    fake.api_key = "right"
    with fake.served() as address:
        answer = ask(check, CASE_END, url=address, api_key="secret-of-ours")
    (unknown,) = answer.unknown
    assert "does not accept the API key" in unknown.reason
    assert "secret-of-ours" not in repr(answer)


@pytest.mark.model_checked_fake
@pytest.mark.parametrize("check", [one for one in CHECKS if one is not OversizedVolumes])
def test_no_allocations_at_all_is_unknown(find: Find, check: type[Optimizer[Any]]) -> None:
    (unknown,) = find(check, server(lambda _: [])).unknown
    assert unknown.reason == "it has no allocations in the 14 days"


@pytest.mark.model_checked_fake
def test_a_cluster_that_ended_is_unknown_and_the_other_is_judged(find: Find) -> None:
    def day(number: int) -> list[Told]:
        return [large(), *([large(cluster="staging")] if number > 5 else [])]

    answer = find(RequestSizing, server(day))
    assert [one.sub_account_id for one in answer.findings] == ["prod"]
    (unknown,) = answer.unknown
    assert (unknown.subject, unknown.reason) == ("staging", "its allocations end on 2026-09-24")


@pytest.mark.model_checked_fake
def test_options_name_currency_provider_and_cluster(find: Find) -> None:
    told = large()
    del told["properties"]["cluster"]
    (found,) = find(
        RequestSizing, server(lambda _: [told]), currency="EUR", provider="gcp", cluster="shop-eu"
    ).findings
    assert (found.currency, found.provider, found.sub_account_id) == (
        "EUR",
        "Google Cloud",
        "shop-eu",
    )
    assert found.resource_id.startswith("shop-eu/")


@pytest.mark.invented
def test_days_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="minimum_days must be at most lookback_days"):
        RequestSizing.Options.model_validate({"lookback_days": 3})


@pytest.mark.invented
@pytest.mark.parametrize(
    ("told", "known"),
    [
        (None, None),
        ("NaN", None),
        ("Infinity", None),
        (True, None),
        (0, 0),
        ("x", None),
        (-1.5, "-1.5"),
    ],
)
def test_numbers_are_finite_or_unknown(told: object, known: Any) -> None:
    assert number(told) == (None if known is None else Decimal(known))


@pytest.mark.invented
def test_adjustments_are_part_of_the_cost() -> None:
    told = {
        "cpuCost": 2,
        "cpuCostAdjustment": -0.5,
        "pvs": {"cluster=c:name=pvc-1": {"cost": 1, "adjustment": 0.25, "byteHours": 2**30}},
    }
    one = read_allocation("x", told, "prod")
    assert one.cpu.cost == Decimal("1.5")
    (volume,) = one.volumes
    assert (volume.name, volume.cost) == ("pvc-1", Decimal("1.25"))
    assert volume.gib_hours == 1


@pytest.mark.real_recording
@pytest.mark.parametrize("check", [one for one in CHECKS if one is not OversizedVolumes])
def test_recorded_allocations_can_be_judged(
    shared_data: Callable[..., Path], check: type[Optimizer[Any]]
) -> None:
    recorded = json.loads(shared_data("kubernetes", "allocation_raw_2d.json").read_text())
    fake = FakeKubecost.recorded(recorded, dialect="opencost")
    newest = max(fake.days)
    with fake.served() as address:
        answer = ask(
            check,
            newest + timedelta(days=1),
            url=address,
            lookback_days=2,
            minimum_days=1,
            minimum_savings=0,
        )
    assert answer.checked
    for found in answer.findings:
        assert 0 < found.estimated_monthly_savings <= found.current_cost
        assert found.resource_id.split("/")[0] in {"cluster1", "cluster2"}


@pytest.mark.real_recording
def test_recorded_disks_have_no_use_and_are_unknown(shared_data: Callable[..., Path]) -> None:
    recorded = json.loads(shared_data("kubernetes", "assets_1d.json").read_text())
    fake = FakeKubecost(answers={"/model/assets": recorded})
    with fake.served() as address:
        answer = ask(
            OversizedVolumes,
            date(2026, 10, 2),
            url=address,
            lookback_days=1,
            minimum_days=1,
            kubecost_advice=False,
        )
    assert len(answer.unknown) == 4
    assert not answer.findings
