"""Volumes that nobody mounts, and such that are too large."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management import Recommendation, SavingsAnswer
from finops_cost_management.answers.recommendations import DAYS_A_MONTH
from finops_kubecost.checks.cluster_case import container, disk, server, unmounted
from finops_kubecost.checks.oversized_volumes import (
    Disk,
    OversizedVolumes,
    OversizedVolumesOptions,
)
from finops_kubecost.checks.unclaimed_volumes import UnclaimedVolumes
from finops_kubecost.checks.volumes import volume_id
from finops_kubecost.fake_kubecost import Told

pytestmark = pytest.mark.model_checked_fake

Find = Callable[..., SavingsAnswer]
CENT = Decimal("0.01")


def month(daily: str) -> Decimal:
    return (Decimal(daily) * DAYS_A_MONTH).quantize(CENT)


class TestUnclaimed:
    def test_each_volume_costs_what_it_costs(self, find: Find) -> None:
        fake = server(lambda _: [unmounted({"pvc-1": "0.50", "pvc-2": "2.00"})])
        found = find(UnclaimedVolumes, fake).findings
        assert [one.resource_id for one in found] == [
            "prod/persistentvolume/pvc-2",
            "prod/persistentvolume/pvc-1",
        ]
        assert [one.estimated_monthly_savings for one in found] == [month("2.00"), month("0.50")]
        assert found[0].current_configuration == {"size": "100 GiB"}
        assert not found[0].reversible

    def test_a_claim_without_a_pod_names_its_namespace(self, find: Find) -> None:
        told = unmounted({"pvc-1": "0.50"})
        told["properties"]["namespace"] = "shop"
        (found,) = find(UnclaimedVolumes, server(lambda _: [told])).findings
        assert "of the namespace shop" in found.recommendation

    def test_the_clouds_id_is_used_where_it_is_told(self, find: Find) -> None:
        told = unmounted({"pvc-1": "0.50"}, providerID="vol-0123456789abcdef0")
        (found,) = find(UnclaimedVolumes, server(lambda _: [told])).findings
        assert found.resource_id == "vol-0123456789abcdef0"

    def test_one_that_a_pod_let_go_is_unknown(self, find: Find) -> None:
        def day(number: int) -> list[Told]:
            volumes = {"pvc-1": "2.00"}
            return [container("web", volumes=volumes) if number > 7 else unmounted(volumes)]

        (unknown,) = find(UnclaimedVolumes, server(day)).unknown
        assert unknown.reason == "a pod mounted it until 2026-09-22"

    def test_one_that_is_gone_is_no_subject(self, find: Find) -> None:
        def day(number: int) -> list[Told]:
            return [container("web"), *([unmounted({"pvc-1": "2.00"})] if number else [])]

        assert find(UnclaimedVolumes, server(day)).checked == 0

    def test_one_that_is_mounted_again_is_clean(self, find: Find) -> None:
        def day(number: int) -> list[Told]:
            volumes = {"pvc-1": "2.00"}
            return [unmounted(volumes) if number else container("web", volumes=volumes)]

        assert find(UnclaimedVolumes, server(day)).clean == 1

    @pytest.mark.parametrize("pvs", [None, {}])
    def test_cost_without_names_is_unknown(self, find: Find, pvs: Any) -> None:
        told = {**unmounted({}), "pvs": pvs, "pvCost": 2.0}
        (unknown,) = find(UnclaimedVolumes, server(lambda _: [told])).unknown
        assert unknown.broad

    def test_a_cheap_one_is_clean(self, find: Find) -> None:
        fake = server(lambda _: [unmounted({"pvc-1": "0.16"})])  # 4.87 a month
        assert find(UnclaimedVolumes, fake).clean == 1


class TestOversized:
    def test_saving_is_the_part_that_is_not_needed(self, find: Find) -> None:
        fake = server(lambda _: [], assets=[disk("pvc-1", size="500", used="40", cost="1.50")])
        (found,) = find(OversizedVolumes, fake).findings
        assert found.recommended_configuration == {"size": "60 GiB"}
        assert found.current_cost == month("1.50")
        assert found.estimated_monthly_savings == month("1.32")  # 440 of 500 GiB
        assert found.resource_name == "shop/data"

    @pytest.mark.parametrize(("used", "found"), [("249", 1), ("250", 0)])
    def test_half_full_is_not_oversized(self, find: Find, used: str, found: int) -> None:
        fake = server(lambda _: [], assets=[disk("pvc-1", size="500", used=used, cost="9.00")])
        assert len(find(OversizedVolumes, fake).findings) == found

    @pytest.mark.parametrize(
        ("odd", "reason"),
        [
            ({"used": None}, "what is used of it is not told"),
            ({"used": "0"}, "what is used of it is not told"),
            ({"size": "0"}, "its size is not told"),
            ({"claim": ""}, "it has no claim: it may be the disk of a node"),
        ],
    )
    def test_what_is_not_told_is_unknown(self, find: Find, odd: Any, reason: str) -> None:
        one: Any = {"size": "500", "used": "40", "cost": "1.50", **odd}
        (unknown,) = find(
            OversizedVolumes, server(lambda _: [], assets=[disk("pvc-1", **one)])
        ).unknown
        assert unknown.reason == reason

    def test_a_server_without_assets_is_unknown(self, find: Find) -> None:
        (unknown,) = find(OversizedVolumes, server(lambda _: [container("web")])).unknown
        assert unknown.broad
        assert "/assets" in unknown.reason

    def test_kubecosts_advice_is_on_the_same_volume(self, find: Find) -> None:
        advised = {
            "volumeName": "pvc-1",
            "claimName": "data",
            "claimNamespace": "shop",
            "clusterId": "prod",
            "maxUsageBytes": 40 * 2**30,
            "recommendedCapacityBytes": 44 * 2**30,
            "currentCapacityBytes": 500 * 2**30,
            "savingsMonthly": 41.5,
        }
        provider_id = "vol-0123456789abcdef0"
        fake = server(
            lambda _: [],
            assets=[
                disk("pvc-1", size="500", used="40", cost="1.50", provider_id=provider_id),
            ],
            advice={"persistentVolumeSizing": {"recommendations": [advised, {}]}},
        )
        theirs, ours = find(OversizedVolumes, fake).findings
        assert (theirs.source, ours.source) == ("Kubecost", "metrics")
        assert theirs.resource_id == ours.resource_id == provider_id
        assert theirs.recommended_configuration == {"size": "44.0 GiB"}


amounts = st.one_of(st.none(), st.decimals(0, 5000, places=3))


@given(size=amounts, used=amounts, cost=st.decimals(-50, 500, places=5))
def test_a_saving_is_within_what_the_volume_costs(
    size: Decimal | None, used: Decimal | None, cost: Decimal
) -> None:
    check = OversizedVolumes(OversizedVolumesOptions(minimum_savings=Decimal(0)))
    told = {"cluster": "prod", "name": "pvc-1", "claim": "shop/data", "provider_id": ""}
    one = Disk(**told, provider="AWS", days=14, size=size, used=used, cost=cost)
    verdict = check.judge(one, days=14)
    if isinstance(verdict, Recommendation):
        assert used is not None
        assert 0 < verdict.estimated_monthly_savings <= verdict.current_cost
        target = Decimal(verdict.recommended_configuration["size"].removesuffix(" GiB"))
        assert target >= used


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("", "prod/persistentvolume/pvc-1"),
        ("gke-disk", "prod/persistentvolume/pvc-1"),
        ("aws://eu-west-1a/vol-0123456789abcdef0", "vol-0123456789abcdef0"),
        ("/subscriptions/S/disks/D", "/subscriptions/s/disks/d"),
    ],
)
def test_ids_of_volumes(told: str, known: str) -> None:
    assert volume_id("prod", "pvc-1", told) == known
