"""Sizes of requests: what is measured, what is recommended, and what it saves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management import Recommendation, SavingsAnswer, SavingsBasis
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_cost_management.plugins.savings_case import CASE_END
from finops_kubecost.checks.allocations import read_allocation
from finops_kubecost.checks.cluster_case import container, server
from finops_kubecost.checks.request_sizing import RequestSizing, RequestSizingOptions
from finops_kubecost.checks.sizing import percentile
from finops_kubecost.checks.workloads import by_cluster
from finops_kubecost.fake_kubecost import GIB, Told, workload

pytestmark = pytest.mark.model_checked_fake

Find = Callable[..., SavingsAnswer]
CENT = Decimal("0.01")


def large(**more: Any) -> Told:
    """Asks for 2 cores and 4 GiB, uses 0.2 and 0.5, at most 0.4 and 1; costs 2 + 1 a day."""
    given_levels = {"cpu": ("2", "0.2", "0.4"), "memory": ("4", "0.5", "1"), **more}
    return container("web", **given_levels)


def constant(day: list[Told]) -> Callable[[int], list[Told]]:
    """Every day alike."""
    return lambda _: day


def only(answer: SavingsAnswer) -> Recommendation:
    (found,) = answer.findings
    return found


def test_saving_is_what_the_smaller_request_costs_less(find: Find) -> None:
    found = only(find(RequestSizing, server(lambda _: [large()])))
    cores = Decimal("0.2") * Decimal("1.15")  # 230m
    gibibytes = Decimal(1178) / 1024  # 1 GiB and 15 %, up to a whole MiB
    a_day = (2 - cores) / 2 * 2 + (4 - gibibytes) / 4
    assert abs(found.estimated_monthly_savings - a_day * DAYS_A_MONTH) < CENT
    assert found.current_cost == (3 * DAYS_A_MONTH).quantize(CENT)
    assert found.recommended_configuration == {"cpu request": "230m", "memory request": "1178Mi"}
    assert found.resource_id == "prod/shop/deployment/web/web"
    assert found.basis is SavingsBasis.OWN_COST
    assert "shop/web" in found.recommendation
    assert found.provider == "AWS"


def test_what_is_used_anyway_is_not_saved(find: Find) -> None:
    """On one day of 20 it uses 1.5 cores: a request of 230m would be charged 1.5 on that day."""

    def day(number: int) -> list[Told]:
        return [large(cpu=("2", "1.5" if number == 4 else "0.2", "1.6"), memory=("1", "0.9", None))]

    found = only(find(RequestSizing, server(day, days=20), lookback_days=20))
    a_day = (19 * (2 - Decimal("0.23")) + (2 - Decimal("1.5"))) / 20 / 2 * 2
    assert abs(found.estimated_monthly_savings - a_day * DAYS_A_MONTH) < CENT


def test_no_more_than_the_cost_of_the_cpu_is_saved_on_cpu(find: Find) -> None:
    """A server that charges fewer hours than were asked for: a core-hour looks too dear."""
    told = large(memory=("1", "0.9", None))
    told["cpuCoreHours"] = 1
    found = only(find(RequestSizing, server(lambda _: [told])))
    assert found.estimated_monthly_savings == (2 * DAYS_A_MONTH).quantize(CENT)
    assert found.current_cost == (3 * DAYS_A_MONTH).quantize(CENT)


def test_pods_of_a_workload_are_one_container(find: Find) -> None:
    one = only(find(RequestSizing, server(lambda _: [large()])))
    three = only(find(RequestSizing, server(lambda _: [large(pod=name) for name in "abc"])))
    assert three.resource_id == one.resource_id
    assert abs(three.estimated_monthly_savings - 3 * one.estimated_monthly_savings) < 3 * CENT


def test_one_busy_pod_among_quiet_ones_decides(find: Find) -> None:
    quiet = [large(pod=str(number)) for number in range(30)]
    busy = large(pod="leader", cpu=("2", "1.8", "1.9"), memory=("4", "3.5", "3.9"))
    assert find(RequestSizing, server(lambda _: [*quiet, busy])).clean == 1


@pytest.mark.parametrize(
    ("day", "cpu"),
    [
        (0, "230m"),  # one busy day of 20 is above the 95th percentile
        (1, "1150m"),  # two are not
    ],
)
def test_cpu_is_a_percentile_of_the_days(find: Find, day: int, cpu: str) -> None:
    def levels(number: int) -> list[Told]:
        return [large(cpu=("2", "1.0" if number <= day else "0.2", "1.5"))]

    found = only(find(RequestSizing, server(levels, days=20), lookback_days=20))
    assert found.recommended_configuration["cpu request"] == cpu


def test_memory_is_never_below_its_peak(find: Find) -> None:
    def levels(number: int) -> list[Told]:
        return [large(memory=("4", "0.5", "3" if number == 13 else "1"))]

    found = only(find(RequestSizing, server(levels), memory_headroom=0))
    assert found.recommended_configuration["memory request"] == "3072Mi"


def test_memory_without_a_peak_is_not_judged(find: Find) -> None:
    found = only(find(RequestSizing, server(lambda _: [large(memory=("4", "0.5", None))])))
    assert "memory request" not in found.recommended_configuration
    assert found.evidence["memory not judged"] == "the highest memory is not told, only averages"


def test_a_peak_of_nothing_is_no_peak(find: Find) -> None:
    found = only(find(RequestSizing, server(lambda _: [large(memory=("4", "0.5", "0"))])))
    assert "memory request" not in found.recommended_configuration


def test_a_peak_below_the_average_is_the_average(find: Find) -> None:
    found = only(find(RequestSizing, server(lambda _: [large(memory=("4", "2", "1"))])))
    assert found.evidence["highest memory"] == "2048Mi"


def test_more_memory_takes_from_the_saving_and_is_in_the_steps(find: Find) -> None:
    alone = only(find(RequestSizing, server(lambda _: [large(memory=("1", "0.8", None))])))
    more = only(find(RequestSizing, server(lambda _: [large(memory=("1", "0.8", "1.5"))])))
    assert more.estimated_monthly_savings < alone.estimated_monthly_savings
    assert any(step.startswith("Raise the memory request") for step in more.steps)


def test_what_would_cost_more_altogether_is_clean(find: Find) -> None:
    day = [large(cpu=("0.3", "0.2", "0.4"), memory=("1", "0.9", "40"))]
    answer = find(RequestSizing, server(lambda _: day))
    assert (answer.clean, answer.findings) == (1, ())


def test_the_smallest_requests_are_kept(find: Find) -> None:
    day = [large(cpu=("2", "0.0001", "0.001"), memory=("4", "0.001", "0.002"))]
    found = only(find(RequestSizing, server(lambda _: day)))
    assert found.recommended_configuration == {"cpu request": "10m", "memory request": "100Mi"}


@pytest.mark.parametrize(
    ("cpu", "memory", "reason"),
    [
        (("0", "0.2", "0.4"), ("0", "0.5", "1"), "it has no cpu request; it has no memory request"),
        ((None, "0.2", "0.4"), ("0", "0.5", "1"), "its cpu request is not told; it has no"),
        (("2", None, None), ("4", None, None), "usage of cpu is measured at 0 of the 7"),
        (("2", "0", "0"), ("4", "0", "0"), "usage of cpu is measured at 0 of the 7"),
    ],
)
def test_what_is_not_known_is_unknown(find: Find, cpu: Any, memory: Any, reason: str) -> None:
    answer = find(RequestSizing, server(lambda _: [large(cpu=cpu, memory=memory)]))
    (unknown,) = answer.unknown
    assert unknown.reason.startswith(reason)
    assert unknown.subject == "prod/shop/deployment/web/web"
    assert not answer.findings


def test_hpa_is_known_by_option_and_by_annotation(find: Find) -> None:
    marked = large()
    marked["properties"]["annotations"] = {"autoscaling_alpha_kubernetes_io_metrics": "[]"}
    known: list[tuple[Told, dict[str, Any]]] = [
        (large(), {"hpa_managed": ["shop/web"]}),
        (marked, {}),
    ]
    for told, options in known:
        answer = find(RequestSizing, server(constant([told])), **options)
        (unknown,) = answer.unknown
        assert unknown.reason == "scaled by a HorizontalPodAutoscaler"


def test_the_request_of_the_newest_day_counts(find: Find) -> None:
    """Lowered yesterday: the days before it save nothing."""

    def levels(number: int) -> list[Told]:
        return [large(cpu=("0.23" if number == 0 else "2", "0.2", "0.3"), memory=("1", "0.9", "1"))]

    answer = find(RequestSizing, server(levels))
    assert not answer.findings


def test_what_is_gone_is_no_subject(find: Find) -> None:
    fake = server(lambda number: [container("other"), *([large()] if number else [])])
    answer = find(RequestSizing, fake)
    assert [one.resource_name for one in answer.findings] == ["shop/other"]


def test_special_names_are_no_workloads(find: Find) -> None:
    day = [large(namespace=name) for name in ("__unallocated__", "__unmounted__", "__shared__")]
    assert find(RequestSizing, server(lambda _: day)).checked == 0


def test_hours_are_asked_for_and_counted(find: Find) -> None:
    fake = server(lambda _: [large()])
    by_hour = []
    for number in range(24 * 14):
        start = f"{CASE_END - timedelta(days=number // 24 + 1)}T{number % 24:02}:00:00Z"
        by_hour.append({"window": {"start": start, "end": start}, **large(), "minutes": 60})
    asked = find(RequestSizing, fake, step="hour", minimum_points=100)
    assert all(
        parameters["step"] == "1h"
        for path, parameters in fake.asked
        if path == "/allocation/compute"
    )
    (unknown,) = asked.unknown
    assert "measured at 14 of the 100 data points" in unknown.reason
    (cluster,) = by_cluster((read_allocation("x", one, "prod") for one in by_hour), step_hours=1)
    assert len(cluster.steps) == 24 * 14
    assert cluster.monthly(Decimal(24 * 14)) == 24 * DAYS_A_MONTH


def advised(**more: Any) -> dict[str, Any]:
    return {
        "clusterID": "prod",
        "namespace": "shop",
        "controllerKind": "deployment",
        "controllerName": "web",
        "containerName": "web",
        "recommendedRequest": {"cpu": "300m", "memory": "1400Mi"},
        "latestKnownRequest": {"cpu": "2000m", "memory": "4096Mi"},
        "monthlySavings": {"cpu": 40.5, "memory": 20.25},
        "currentEfficiency": {"cpu": 0.1, "memory": 0.125, "total": 0.11},
        **more,
    }


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"Recommendations": [one]}])
def test_kubecosts_advice_stands_beside_ours(find: Find, wrap: Any) -> None:
    advice = {"requestSizingV2": wrap(advised())}
    answer = find(RequestSizing, server(lambda _: [large()], advice=advice))
    ours, theirs = answer.findings
    assert theirs.source == "Kubecost"
    assert theirs.basis is SavingsBasis.PROVIDER_FIGURE
    assert theirs.estimated_monthly_savings == Decimal("60.75")
    assert theirs.current_cost == ours.current_cost
    assert (ours.resource_id, ours.provider) == (theirs.resource_id, theirs.provider)
    assert ours.id != theirs.id
    assert theirs.evidence["efficiency of cpu"] == "10.0 %"


@pytest.mark.parametrize("listed", [True, False])
def test_advice_on_what_an_autoscaler_scales_is_left_out(find: Find, *, listed: bool) -> None:
    scaled = large()
    if not listed:
        scaled["properties"]["annotations"] = {"autoscaling_alpha_kubernetes_io_metrics": "[]"}
    fake = server(lambda _: [scaled], advice={"requestSizingV2": [advised()]})
    answer = find(RequestSizing, fake, hpa_managed=["shop/web"] if listed else [])
    assert answer.findings == ()
    assert [one.reason for one in answer.unknown] == ["scaled by a HorizontalPodAutoscaler"]


def test_opencost_has_no_advice_and_that_is_no_error(find: Find) -> None:
    answer = find(RequestSizing, server(lambda _: [large()]))
    assert (len(answer.findings), answer.unknown) == (1, ())


def test_advice_that_is_broken_is_unknown_and_ours_stays(find: Find) -> None:
    fake = server(lambda _: [large()], advice={"requestSizingV2": {"code": 400, "message": "no"}})
    answer = find(RequestSizing, fake)
    assert len(answer.findings) == 1
    (unknown,) = answer.unknown
    assert unknown.broad
    assert "requestSizingV2" in unknown.subject


def test_advice_can_be_left_out(find: Find) -> None:
    fake = server(lambda _: [large()], advice={"requestSizingV2": [advised()]})
    answer = find(RequestSizing, fake, kubecost_advice=False)
    assert [one.source for one in answer.findings] == ["metrics"]
    assert not any("savings" in path for path, _ in fake.asked)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        [None, 3, {}],
        {"Recommendations": None, "Count": 0},
        [advised(monthlySavings=None)],
        [advised(monthlySavings={"cpu": -4, "memory": 1})],
        [advised(monthlySavings={"cpu": "NaN"})],
    ],
)
def test_odd_advice_does_no_harm(find: Find, odd: Any) -> None:
    answer = find(RequestSizing, server(lambda _: [large()], advice={"requestSizingV2": odd}))
    assert [one.source for one in answer.findings] == ["metrics"]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([1], "0.95", 1), ([1, 2, 3, 4], "0.5", 2), ([3, 1, 2], "1", 3), (range(1, 21), "0.95", 19)],
)
def test_percentile_is_the_nearest_rank(values: Any, share: str, expected: int) -> None:
    assert percentile([Decimal(one) for one in values], Decimal(share)) == expected


levels = st.one_of(
    st.none(), st.sampled_from([0.0, float("nan"), 1e-9]), st.floats(0, 64, allow_nan=False)
)
money = st.floats(-20, 500, allow_nan=False).map(lambda cost: round(cost, 5))


@st.composite
def allocations(draw: Any) -> Told:
    """A container of any day, as odd as the API may tell it."""
    memory = [None if one is None else one * GIB for one in draw(st.tuples(levels, levels, levels))]
    return workload(
        "shop",
        draw(st.sampled_from(["web-0", "web-1"])),
        "web",
        cluster="prod",
        controller="web",
        minutes=draw(st.sampled_from([0, 7, 1440])),
        peak_cores=draw(levels),
        peak_bytes=memory[2],
        cpuCost=draw(money),
        cpuCostAdjustment=draw(money),
        ramCost=draw(money),
        cpuCoreHours=draw(st.floats(0, 1000)),
        ramByteHours=draw(st.floats(0, 1000)) * GIB,
        cpuCoreRequestAverage=draw(levels),
        cpuCoreUsageAverage=draw(levels),
        ramByteRequestAverage=memory[0],
        ramByteUsageAverage=memory[1],
        totalCost=0,
    )


@given(st.lists(allocations(), min_size=1, max_size=8), st.integers(1, 4))
def test_a_saving_is_within_what_cpu_and_memory_cost(told: list[Told], days: int) -> None:
    check = RequestSizing(
        RequestSizingOptions(minimum_days=1, minimum_points=1, minimum_savings=Decimal(0))
    )
    runs = [
        read_allocation(
            "x", {**one, "window": {"start": f"2026-09-{number % days + 1:02}"}}, "prod"
        )
        for number, one in enumerate(told)
    ]
    (cluster,) = by_cluster(runs, step_hours=24)
    verdict = check.judge("prod/shop/deployment/web/web", cluster.allocations, cluster)
    if isinstance(verdict, Recommendation):
        cost = sum((one.cpu.cost + one.memory.cost for one in runs), Decimal(0))
        assert 0 < verdict.estimated_monthly_savings <= verdict.current_cost
        assert verdict.current_cost == cluster.monthly(cost).quantize(CENT)
