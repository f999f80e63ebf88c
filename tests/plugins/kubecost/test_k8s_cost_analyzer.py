"""`K8sCostAnalyzer` against a Kubecost that truly answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import ValidationError

from finops_cost_management import (
    AccessError,
    ConfigurationError,
    DataError,
    K8sCostAnalyzer,
    KubecostConfig,
    PluginError,
    RetryLaterError,
)
from finops_cost_management.plugins.registry import Registry
from finops_cost_management.window import today_utc
from finops_kubecost.fake_kubecost import GIB, FakeKubecost, Told, idle, workload

pytestmark = [pytest.mark.invented]

FIRST, LAST = "2024-01-01", "2024-01-31"
DAYS = [date(2024, 1, 1) + timedelta(days=offset) for offset in range(31)]


def a_day(cluster: str = "production") -> list[Told]:
    """A busy container, an idle one, one that asks for nothing, and what nobody uses."""
    node = "node-1" if cluster == "production" else f"{cluster}-1"
    return [
        workload(
            "production",
            "cart-1",
            cluster=cluster,
            node=node,
            controller="cart",
            labels={"team": "checkout", "app": "backend"},
            cpuCost=2.4,
            ramCost=0.6,
            pvCost=0.2,
            networkCost=0.05,
            cpuCoreHours=24,
            ramByteHours=48 * GIB,
            cpuCoreRequestAverage=1,
            cpuCoreUsageAverage=0.1,
            ramByteRequestAverage=2 * GIB,
            ramByteUsageAverage=1.5 * GIB,
        ),
        workload(
            "staging",
            "web-1",
            cluster=cluster,
            node=node,
            labels={"team": "web"},
            minutes=720,
            cpuCost=1.2,
            cpuCostAdjustment=-0.2,
            ramCost=0.3,
            cpuCoreHours=12,
            ramByteHours=24 * GIB,
            cpuCoreRequestAverage=0,
            cpuCoreUsageAverage=1,
            ramByteRequestAverage=2 * GIB,
            ramByteUsageAverage=1 * GIB,
        ),
        workload(
            "batch",
            "job-1",
            cluster=cluster,
            node=node,
            cpuCost=0.01,
            cpuCoreHours=0.1,
            cpuCoreUsageAverage=None,
        ),
        idle(
            cluster=cluster,
            node=node,
            cpuCost=1,
            ramCost=0.5,
            cpuCoreHours=10,
            ramByteHours=20 * GIB,
        ),
    ]


A_DAY = Decimal("3.25") + Decimal("1.3") + Decimal("0.01") + Decimal("1.5")
Serve = Callable[[FakeKubecost], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as servers:
        yield lambda fake: servers.enter_context(fake.served())


@pytest.fixture
def production() -> FakeKubecost:
    return FakeKubecost({day: a_day() for day in DAYS})


@pytest.fixture
def analyzer(serve: Serve, production: FakeKubecost) -> K8sCostAnalyzer:
    return analyzer_of(serve(production))


def analyzer_of(url: str, **options: object) -> K8sCostAnalyzer:
    return K8sCostAnalyzer(KubecostConfig.model_validate({"kubecost_url": url, **options}))


# What the seed shows, block by block; only the hosts are others.
SET_UP = """
from finops_cost_management import K8sCostAnalyzer, KubecostConfig

# Configure analyzer
config = KubecostConfig(
    kubecost_url="http://localhost:9090",
    cluster_name="production",
)
analyzer = K8sCostAnalyzer(config)
"""
NAMESPACES = """
# Get namespace costs
namespace_costs = analyzer.get_namespace_costs(
    start_date="2024-01-01",
    end_date="2024-01-31",
)

for cost in namespace_costs:
    print(f"Namespace: {cost.namespace}")
    print(f"  CPU: ${cost.cpu_cost:.2f}")
    print(f"  Memory: ${cost.memory_cost:.2f}")
    print(f"  Storage: ${cost.storage_cost:.2f}")
    print(f"  Network: ${cost.network_cost:.2f}")
    print(f"  Total: ${cost.total_cost:.2f}")
"""
PODS = """
# Get pod costs for a namespace
pod_costs = analyzer.get_pod_costs(
    namespace="production",
    start_date="2024-01-01",
    end_date="2024-01-31",
)

for cost in pod_costs:
    print(f"Pod: {cost.pod}")
    print(f"  Container: {cost.container}")
    print(f"  CPU Cores: {cost.cpu_cores:.2f}")
    print(f"  Memory GB: {cost.memory_gb:.2f}")
    print(f"  Total Cost: ${cost.total_cost:.2f}")
"""
LABELS = """
# Get costs by team label
team_costs = analyzer.get_costs_by_label(
    label_key="team",
    start_date="2024-01-01",
    end_date="2024-01-31",
)

for team, cost in team_costs.items():
    print(f"Team {team}: ${cost:,.2f}")

# Get costs for specific label value
backend_costs = analyzer.get_costs_by_label(
    label_key="app",
    label_value="backend",
    start_date="2024-01-01",
    end_date="2024-01-31",
)
print(backend_costs)
"""
IDLE = """
# Identify idle resources with 20% utilization threshold
idle_resources = analyzer.identify_idle_resources(
    threshold=0.2,
    start_date="2024-01-01",
    end_date="2024-01-31",
)

for resource in idle_resources:
    print(f"Idle Resource: {resource.namespace}/{resource.pod}")
    print(f"  Type: {resource.resource_type}")
    print(f"  Allocated: {resource.allocated:.2f}")
    print(f"  Used: {resource.used:.2f}")
    print(f"  Utilization: {resource.utilization:.1f}%")
    print(f"  Waste Cost: ${resource.waste_cost:.2f}")
    print(f"  Recommendation: {resource.recommendation}")
"""
ALLOCATION = """
# Allocate costs by team label
allocation = analyzer.get_cost_allocation(
    allocation_key="team",
    start_date="2024-01-01",
    end_date="2024-01-31",
    allocation_type="label",
)

print(f"Dimension: {allocation.dimension}")
print(f"Total Cost: ${allocation.total_cost:,.2f}")
print(f"Unallocated: ${allocation.unallocated_cost:,.2f}")

for value, cost in allocation.allocations.items():
    percentage = (cost / allocation.total_cost) * 100
    print(f"  {value}: ${cost:,.2f} ({percentage:.1f}%)")
"""
EFFICIENCY = """
# Get cluster efficiency metrics
efficiency = analyzer.get_cluster_efficiency(
    start_date="2024-01-01",
    end_date="2024-01-31",
)

print(f"Cluster: {efficiency['cluster']}")
print(f"Total Cost: ${efficiency['total_cost']:,.2f}")
print(f"CPU Utilization: {efficiency['avg_cpu_utilization']:.1%}")
print(f"Memory Utilization: {efficiency['avg_memory_utilization']:.1%}")
print(f"Idle Resources: {efficiency['idle_resource_count']}")
print(f"Estimated Waste: ${efficiency['estimated_waste']:,.2f}")
print(f"Efficiency Score: {efficiency['efficiency_score']:.1%}")
print(f"Potential Savings: ${efficiency['potential_savings']:,.2f}")
"""
CLUSTERS = """
# Analyze multiple clusters
clusters = [
    KubecostConfig(
        kubecost_url="http://prod-kubecost:9090",
        cluster_name="production",
    ),
    KubecostConfig(
        kubecost_url="http://staging-kubecost:9090",
        cluster_name="staging",
    ),
]

for config in clusters:
    analyzer = K8sCostAnalyzer(config)
    costs = analyzer.get_namespace_costs("2024-01-01", "2024-01-31")
    total = sum(c.total_cost for c in costs)
    print(f"{config.cluster_name}: ${total:,.2f}")
"""
CONFIGURATION = """
config = KubecostConfig(
    kubecost_url="http://kubecost.example.com:9090",
    cluster_name="production",
    api_key="your-api-key",  # Optional
    timeout=30,
    verify_ssl=True,
)

analyzer = K8sCostAnalyzer(config)
"""
SHOWN = {
    NAMESPACES: """\
        Namespace: production
          CPU: $74.40
          Memory: $18.60
          Storage: $6.20
          Network: $1.55
          Total: $100.75
        Namespace: __idle__
          CPU: $31.00
          Memory: $15.50
          Storage: $0.00
          Network: $0.00
          Total: $46.50
        Namespace: staging
          CPU: $31.00
          Memory: $9.30
          Storage: $0.00
          Network: $0.00
          Total: $40.30
        Namespace: batch
          CPU: $0.31
          Memory: $0.00
          Storage: $0.00
          Network: $0.00
          Total: $0.31
        """,
    PODS: """\
        Pod: cart-1
          Container: main
          CPU Cores: 1.00
          Memory GB: 2.00
          Total Cost: $100.75
        """,
    LABELS: """\
        Team checkout: $100.75
        Team __idle__: $46.50
        Team web: $40.30
        Team __unallocated__: $0.31
        {'backend': Decimal('100.750000000000')}
        """,
    IDLE: """\
        Idle Resource: production/cart-1
          Type: cpu
          Allocated: 1.00
          Used: 0.10
          Utilization: 10.0%
          Waste Cost: $66.96
          Recommendation: Lower the CPU request from 1.00 to 0.13 cores: it uses 0.10 on average.
        """,
    ALLOCATION: """\
        Dimension: team
        Total Cost: $187.86
        Unallocated: $46.81
          checkout: $100.75 (53.6%)
          web: $40.30 (21.5%)
        """,
    CLUSTERS: """\
        production: $187.86
        staging: $187.86
        """,
    CONFIGURATION: "",
}


@pytest.fixture
def printed(
    serve: Serve, production: FakeKubecost, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """What a block prints, asked of servers of our own."""

    def run(block: str) -> str:
        code = SET_UP + block
        staging = FakeKubecost({day: a_day("staging") for day in DAYS})
        for host, fake in {
            "http://localhost:9090": production,
            "http://prod-kubecost:9090": production,
            "http://staging-kubecost:9090": staging,
        }.items():
            if host in code:
                code = code.replace(host, serve(fake))
        exec(compile(code, "the seed", "exec"), {})  # noqa: S102 # it is written above
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("block", SHOWN)
def test_the_seed_runs_as_it_is_written(printed: Callable[[str], str], block: str) -> None:
    assert printed(block) == dedent(SHOWN[block])


def test_the_seed_s_efficiency(printed: Callable[[str], str]) -> None:
    shown = printed(EFFICIENCY)
    assert "Cluster: production\nTotal Cost: $187.86\n" in shown
    # Cores: 2.4 + 12 of 24 + 12 hours; GiB: 36 + 12 of 48 + 24. Of the job, nothing is known.
    assert "CPU Utilization: 40.0%\nMemory Utilization: 66.7%\nIdle Resources: 1\n" in shown
    # Unused each day: 90 % of 2.40, 25 % of 0.60, half of 0.30, and idle, 1.50.
    assert "Estimated Waste: $122.76\nEfficiency Score: 31.7%\n" in shown
    assert "Potential Savings: $113.46\n" in shown


def test_costs_are_exact_and_results_are_frozen(analyzer: K8sCostAnalyzer) -> None:
    costs = analyzer.get_namespace_costs(FIRST, LAST)
    assert sum(one.total_cost for one in costs) == 31 * A_DAY
    assert all(isinstance(one.cpu_cost, Decimal) for one in costs)
    with pytest.raises(FrozenInstanceError):
        costs[0].cpu_cost = Decimal(0)  # type: ignore[misc] # that is the point
    for others in (
        analyzer.get_pod_costs(None, FIRST, LAST),
        analyzer.get_controller_costs(FIRST, LAST),
        analyzer.get_node_costs(FIRST, LAST),
        analyzer.get_cluster_costs(FIRST, LAST),
    ):
        assert sum(one.total_cost for one in others) == 31 * A_DAY
    assert sum(analyzer.get_costs_by_label("team", FIRST, LAST).values()) == 31 * A_DAY


def test_days_may_be_dates_and_the_last_is_inside(analyzer: K8sCostAnalyzer) -> None:
    costs = analyzer.get_cluster_costs(DAYS[0], DAYS[1])
    assert [one.total_cost for one in costs] == [2 * A_DAY]


def test_a_window_is_asked_for_once(analyzer: K8sCostAnalyzer, production: FakeKubecost) -> None:
    analyzer.get_namespace_costs(FIRST, "2024-01-02")
    asked = len(production.asked)
    analyzer.identify_idle_resources(start_date=FIRST, end_date="2024-01-02")
    analyzer.get_cost_allocation("", FIRST, "2024-01-02", "namespace")
    assert len(production.asked) == asked
    analyzer.refresh().get_namespace_costs(FIRST, "2024-01-02")
    assert len(production.asked) > asked


@pytest.mark.parametrize("dialect", ["kubecost", "opencost", "opencost-ui"])
def test_both_dialects(serve: Serve, production: FakeKubecost, dialect: str) -> None:
    production.dialect = dialect  # type: ignore[assignment] # one of the three
    (cluster,) = analyzer_of(serve(production)).get_cluster_costs(FIRST, "2024-01-03")
    assert cluster.total_cost == 3 * A_DAY


def both_clusters() -> FakeKubecost:
    return FakeKubecost({day: [*a_day("east"), *a_day("west")] for day in DAYS[:2]})


def test_one_of_several_clusters(serve: Serve) -> None:
    url = serve(both_clusters())
    (east,) = analyzer_of(url, cluster_name="east").get_cluster_costs(FIRST, "2024-01-02")
    assert (east.cluster, east.total_cost) == ("east", 2 * A_DAY)
    every = analyzer_of(url).get_cluster_efficiency(FIRST, "2024-01-02")
    assert (every["cluster"], every["total_cost"]) == ("east, west", 4 * A_DAY)
    with pytest.raises(DataError, match="no cluster 'north'; it knows east, west"):
        analyzer_of(url, cluster_name="north").get_namespace_costs(FIRST, "2024-01-02")


def test_a_cluster_that_calls_itself_something_else(
    serve: Serve, production: FakeKubecost, caplog: pytest.LogCaptureFixture
) -> None:
    analyzer = analyzer_of(serve(production), cluster_name="mine")
    assert analyzer.get_cluster_efficiency(FIRST, LAST)["cluster"] == "mine"
    assert "calls its cluster production, not mine" in caplog.text


def test_days_before_the_install_are_said_once(
    serve: Serve, production: FakeKubecost, caplog: pytest.LogCaptureFixture
) -> None:
    analyzer = analyzer_of(serve(production))
    with caplog.at_level(logging.WARNING):
        analyzer.get_namespace_costs("2023-12-30", "2024-01-01")
        analyzer.get_node_costs("2023-12-30", "2024-01-01")
    assert caplog.text.count("has nothing of 2 of the 3 days") == 1


def test_nothing_at_all(serve: Serve) -> None:
    analyzer = analyzer_of(serve(FakeKubecost()))
    assert analyzer.get_namespace_costs(FIRST, "2024-01-02") == []
    assert analyzer.get_costs_by_label("team", FIRST, "2024-01-02") == {}
    assert analyzer.get_cost_allocation("team", FIRST, "2024-01-02").total_cost == 0
    with pytest.raises(DataError, match="has no allocations from 2024-01-01"):
        analyzer.get_cluster_efficiency(FIRST, "2024-01-02")


def test_today_is_asked_for_and_the_future_is_not(serve: Serve, production: FakeKubecost) -> None:
    today = today_utc()
    production.days[today] = a_day()
    analyzer = analyzer_of(serve(production))
    (cluster,) = analyzer.get_cluster_costs(today, today + timedelta(days=40))
    assert cluster.total_cost == A_DAY
    with pytest.raises(ConfigurationError, match="still to come"):
        analyzer.get_cluster_costs(today + timedelta(days=1), today + timedelta(days=2))


def test_a_day_that_cannot_be_had_is_an_error_not_a_lower_sum(
    serve: Serve, production: FakeKubecost
) -> None:
    production.longest_window = 0
    with pytest.raises(RetryLaterError):
        analyzer_of(serve(production)).get_namespace_costs(FIRST, "2024-01-02")


def test_nobody_answers() -> None:
    with pytest.raises(AccessError) as caught:
        analyzer_of("http://localhost:9").get_namespace_costs(FIRST, LAST)
    assert "http://localhost:9" in str(caught.value)
    assert "kubectl port-forward -n kubecost svc/kubecost-cost-analyzer 9090:9090" in str(
        caught.value
    )


def test_the_key_is_sent_and_never_shown(
    serve: Serve, production: FakeKubecost, caplog: pytest.LogCaptureFixture
) -> None:
    production.api_key = "open sesame"
    url = serve(production)
    config = KubecostConfig.model_validate({"kubecost_url": url, "api_key": "open sesame"})
    assert K8sCostAnalyzer(config).get_cluster_costs(FIRST, FIRST)
    assert "sesame" not in repr(config) + str(config) + repr(K8sCostAnalyzer(config).config)
    with pytest.raises(AccessError) as caught:
        analyzer_of(url, api_key="close barley").get_cluster_costs(FIRST, FIRST)
    assert "barley" not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"


def test_without_the_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "available", lambda *_: [])
    monkeypatch.setattr(
        "finops_cost_management.plugins.registry.missing_distribution",
        lambda *_: "finops-kubecost",
    )
    with pytest.raises(PluginError, match="pip install finops-kubecost"):
        K8sCostAnalyzer().get_namespace_costs(FIRST, LAST)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kubecost_url": "localhost:9090"}, "http://"),
        ({"kubecost_url": "http://me:secret@kubecost"}, "a key belongs to api_key"),
        ({"kubecost_url": "http://kubecost?x=secret"}, "the address alone"),
        ({"timeout": 0}, "greater than 0"),
        ({"cluster_name": ""}, "at least 1 character"),
        ({"currency": "dollars"}, "pattern"),
        ({"api_keys": "secret"}, "Extra inputs"),
    ],
)
def test_a_configuration_says_what_is_wrong(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        KubecostConfig.model_validate(given)
    assert "secret" not in str(caught.value)


def test_an_allocation_of_a_type_has_no_other_key(analyzer: K8sCostAnalyzer) -> None:
    by_node = analyzer.get_cost_allocation("node", FIRST, FIRST, "node")
    assert (by_node.dimension, list(by_node.allocations)) == ("node", ["node-1"])
    with pytest.raises(ConfigurationError, match="has no key 'team'"):
        analyzer.get_cost_allocation("team", FIRST, FIRST, "node")


@pytest.mark.real_recording
def test_what_a_real_api_says_adds_up(serve: Serve, shared_data: Callable[..., Path]) -> None:
    answer = json.loads(
        shared_data("kubernetes", "allocation_raw_2d.json").read_text(), parse_float=Decimal
    )
    told = [one for each in answer["data"] for one in each.values()]
    days = sorted({one["window"]["start"][:10] for one in told})
    recorded = json.loads(shared_data("kubernetes", "allocation_raw_2d.json").read_text())
    analyzer = analyzer_of(serve(FakeKubecost.recorded(recorded)))
    costs = analyzer.get_namespace_costs(days[0], days[-1])
    whole = sum((Decimal(one["totalCost"]) for one in told), Decimal(0))
    assert sum(one.total_cost for one in costs) == whole
    assert {"__idle__"} < {one.namespace for one in costs}
