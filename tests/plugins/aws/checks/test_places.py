"""Regions and accounts that a check does not see are told, and never taken for clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError
from pydantic import ValidationError

from finops_aws.checks.advice.compute_optimizer import ComputeOptimizer
from finops_aws.checks.commitments.expiring_commitments import ExpiringCommitments
from finops_aws.checks.compute.idle_instances import IdleInstances
from finops_aws.checks.places import MOST_ACCOUNTS, region_of_place
from finops_aws.checks.storage.gp2_volumes import Gp2Volumes
from finops_aws.checks.storage.idle_volumes import IdleVolumes
from finops_aws.checks.storage.unattached_volumes import UnattachedVolumes
from finops_cost_management import SavingsAnswer, daily_charges
from finops_cost_management.engine import Engine
from finops_cost_management.testing.bills import bill_snapshot

pytestmark = pytest.mark.real_component

MINE = "123456789012"
THERE = "eu-west-1"
PAGE = b"<!DOCTYPE html><html><body>A page of a proxy</body></html>"

Find = Callable[..., SavingsAnswer]
Aws = Callable[[str], Any]


@pytest.fixture
def volume(account: Aws, on: Callable[[datetime], Any]) -> None:
    """One that is old, in us-east-1."""
    with on(datetime(2026, 3, 1, tzinfo=UTC)):
        account("ec2").create_volume(AvailabilityZone="us-east-1a", Size=100)


@pytest.fixture(params=[500, 404, 200])
def page(request: pytest.FixtureRequest) -> Iterator[int]:
    """Something in between answers for one region with a page, whatever the status."""

    status: int = request.param

    def respond(request: Any, **_: object) -> Any:
        return AWSResponse(request.url, status, {}, _Body()) if THERE in request.url else None

    handler = ("before-send", respond)
    handlers.BUILTIN_HANDLERS.insert(0, handler)
    yield status
    handlers.BUILTIN_HANDLERS.remove(handler)


class _Body:
    def stream(self, **_: object) -> Iterator[bytes]:
        yield PAGE


@pytest.mark.parametrize("check", [UnattachedVolumes, ComputeOptimizer])
@pytest.mark.usefixtures("account")
def test_no_region_is_not_clean(find: Find, check: Any) -> None:
    for bill in ([], daily_charges("1", RegionId=None), daily_charges("1", RegionId="global")):
        answer = find(check, bill, regions=[])
        assert not answer.clean
        (unknown,) = answer.unknown
        assert unknown.broad
        assert "set `regions`" in unknown.reason


def test_reservations_without_a_region_are_not_clean(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExpiringCommitments, "answers", lambda *_, **__: iter(()))
    (unknown,) = find(ExpiringCommitments, regions=[]).unknown
    assert unknown.subject == "reservations"
    assert unknown.broad


@pytest.mark.usefixtures("volume")
def test_other_accounts_of_the_bill_are_told(find: Find) -> None:
    bill = [
        *daily_charges("1", SubAccountId=MINE),
        *daily_charges("2", SubAccountId="000000000002"),
        *daily_charges("3", SubAccountId="000000000003"),
        *daily_charges("0", SubAccountId="000000000004"),
        *daily_charges("9", SubAccountId="a-project", HostProviderName="Google Cloud"),
    ]
    answer = find(UnattachedVolumes, bill)
    assert len(answer.findings) == 1
    assert [one.subject for one in answer.unknown] == ["000000000003", "000000000002"]
    (reason,) = {one.reason for one in answer.unknown}
    assert MINE in reason
    assert "`role_arn`" in reason
    # What the step found here may be gone, whatever is there.
    assert not any(one.broad for one in answer.unknown)
    assert not find(UnattachedVolumes, bill, accounts=[MINE]).unknown
    (other,) = find(UnattachedVolumes, accounts=[MINE, "000000000009"]).unknown
    assert other.subject == "000000000009"


@pytest.mark.usefixtures("account")
def test_many_accounts_are_told_together(find: Find) -> None:
    many = [f"{number:012d}" for number in range(MOST_ACCOUNTS + 20)]
    unknown = find(UnattachedVolumes, accounts=many).unknown
    assert len(unknown) == MOST_ACCOUNTS + 1
    assert unknown[-1].subject == "20 more accounts"


@pytest.mark.parametrize(
    "wrong",
    [
        {"regions": ["frankfurt"]},
        {"regions": ["EU-WEST-1"]},
        {"regions": ["eu-west-1a"]},
        {"regions": ["global"]},
        {"accounts": ["42"]},
    ],
)
def test_what_is_no_region_or_account_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"is no (region|account)"):
        UnattachedVolumes.Options.model_validate(wrong)


@pytest.mark.parametrize(
    "name", ["us-east-1", "us-gov-west-1", "cn-northwest-1", "us-iso-east-1", "eusc-de-east-1"]
)
def test_regions_of_all_partitions_are_regions(name: str) -> None:
    assert UnattachedVolumes.Options(regions=(name,)).regions == (name,)
    assert region_of_place(name) == name


@pytest.mark.usefixtures("volume")
def test_a_region_out_of_reach_does_not_stop_the_others(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = BaseClient._make_api_call

    def answer(client: Any, name: str, arguments: Any) -> Any:
        if client.meta.region_name == "eu-centrall-1":
            raise EndpointConnectionError(endpoint_url="https://ec2.eu-centrall-1.amazonaws.com/")
        return send(client, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    told = find(UnattachedVolumes, regions=["eu-centrall-1", "us-east-1"])
    assert len(told.findings) == 1
    (unknown,) = told.unknown
    assert unknown.broad
    assert unknown.reason.startswith("AWS cannot be reached for ec2:")


@pytest.mark.usefixtures("volume")
def test_a_page_is_no_answer_and_no_message(
    find: Find, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    told = find(UnattachedVolumes, regions=[THERE, "us-east-1"])
    assert len(told.findings) == 1
    (unknown,) = told.unknown
    assert "html" not in unknown.reason
    assert "\n" not in unknown.reason
    advised = find(ComputeOptimizer, regions=[THERE])
    (reason,) = {one.reason for one in advised.unknown}  # one for all seven questions
    assert "html" not in reason
    assert (f"HTTP {page}" in reason) or page == 200


def test_evidence_does_not_repeat_what_it_is_now() -> None:
    checks: list[Any] = [UnattachedVolumes, Gp2Volumes, IdleVolumes, IdleInstances]
    for check in checks:
        (case,) = [one for one in check.cases() if one.verdict == "finding"][:1]
        with case.prepared():
            component = check(check.Options.model_validate(case.options), name="tested")
            with Engine(threads=1) as engine:
                answer = component.find_savings(
                    costs=bill_snapshot(engine, case.charges), window=case.window
                )
        (found,) = answer.findings
        assert not found.evidence.keys() & found.current_configuration.keys()
        ended = found.recommended_configuration.get("state") in {"deleted", "terminated"}
        assert found.reversible != ended
