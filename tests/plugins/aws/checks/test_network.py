"""Checks of addresses, balancers, gateways and transfer, at the edges of what they may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from finops_aws.aws_case import daily_metric
from finops_aws.checks.network.busy_nat_gateways import BusyNatGateways
from finops_aws.checks.network.cross_zone_transfer import CrossZoneTransfer
from finops_aws.checks.network.idle_load_balancers import IdleLoadBalancers
from finops_aws.checks.network.idle_nat_gateways import IdleNatGateways, made_gateway
from finops_aws.checks.network.internet_transfer import InternetTransfer
from finops_aws.checks.network.load_balancers import are_dead
from finops_aws.checks.network.missing_gateway_endpoints import MissingGatewayEndpoints
from finops_aws.checks.network.unassociated_addresses import UnassociatedAddresses
from finops_cost_management import (
    DateWindow,
    PriorityFormula,
    Risk,
    SavingsAnswer,
    SavingsBasis,
    daily_charges,
)
from finops_cost_management.answers.alternatives import without_double_count
from finops_cost_management.builtin.checks.data_transfer import DataTransfer
from finops_cost_management.engine import Engine
from finops_cost_management.plugins.savings_case import CASE_END
from finops_cost_management.testing.bills import bill_snapshot

pytestmark = pytest.mark.real_component

Find = Callable[..., SavingsAnswer]
Aws = Callable[[str], Any]
On = Callable[[datetime], Any]
SPRING = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = "123456789012"
WINDOW = DateWindow.last(90, until=CASE_END)
WEB = {"Protocol": "HTTP", "Port": 80}


def refused(monkeypatch: pytest.MonkeyPatch, operation: str, code: str, message: str) -> None:
    """Let AWS refuse one operation, and answer all others."""
    send = BaseClient._make_api_call

    def answer(client: Any, name: str, arguments: Any) -> Any:
        if name == operation:
            raise ClientError({"Error": {"Code": code, "Message": message}}, name)
        return send(client, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)


class TestUnassociatedAddresses:
    def test_the_list_price_is_that_of_a_month(self, account: Aws, find: Find) -> None:
        account("ec2").allocate_address(Domain="vpc")
        (found,) = find(UnassociatedAddresses).findings
        assert found.basis is SavingsBasis.LIST_PRICE
        assert found.estimated_monthly_savings == Decimal("3.65")
        assert found.resource_id.startswith(f"arn:aws:ec2:us-east-1:{ACCOUNT}:elastic-ip/eipalloc-")

    @pytest.mark.parametrize(
        ("told", "verdict"),
        [
            ({"PublicIpv4Pool": "ipv4pool-ec2-0a1b"}, "clean"),  # brought by the account
            ({"PublicIpv4Pool": "amazon"}, "finding"),
            ({"NetworkInterfaceId": "eni-0a1b"}, "clean"),
            ({"ServiceManaged": "alb"}, "unknown"),
        ],
    )
    def test_whose_address_it_is(
        self,
        account: Aws,
        find: Find,
        monkeypatch: pytest.MonkeyPatch,
        told: dict[str, str],
        verdict: str,
    ) -> None:
        account("ec2").allocate_address(Domain="vpc")
        send = BaseClient._make_api_call

        def changed(client: Any, name: str, arguments: Any) -> Any:
            answer = send(client, name, arguments)
            for one in answer.get("Addresses", ()):
                one.update(told)
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", changed)
        answer = find(UnassociatedAddresses)
        said = {
            "finding": len(answer.findings),
            "clean": answer.clean,
            "unknown": len(answer.unknown),
        }
        assert said.pop(verdict) == 1
        assert not any(said.values())

    def test_a_region_that_is_not_opted_into_does_not_stop_the_others(
        self, account: Aws, find: Find, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account("ec2").allocate_address(Domain="vpc")
        send = BaseClient._make_api_call

        def answer(client: Any, name: str, arguments: Any) -> Any:
            if client.meta.region_name == "me-south-1":
                text = "AWS was not able to validate the provided access credentials"
                raise ClientError({"Error": {"Code": "AuthFailure", "Message": text}}, name)
            return send(client, name, arguments)

        monkeypatch.setattr(BaseClient, "_make_api_call", answer)
        told = find(UnassociatedAddresses, regions=["me-south-1", "us-east-1"])
        assert len(told.findings) == 1
        (unknown,) = told.unknown
        assert unknown.subject == "aws.unassociated_addresses in me-south-1"
        assert "does not accept the credentials for ec2:DescribeAddresses" in unknown.reason


class TestIdleLoadBalancers:
    def balancer(self, aws: Aws, kind: str = "application") -> str:
        subnets = [one["SubnetId"] for one in aws("ec2").describe_subnets()["Subnets"][:2]]
        (made,) = aws("elbv2").create_load_balancer(Name="web", Subnets=subnets, Type=kind)[
            "LoadBalancers"
        ]
        return str(made["LoadBalancerArn"])

    def filled(self, aws: Aws) -> str:
        """With a target, which moto says is healthy."""
        arn, elb = self.balancer(aws), aws("elbv2")
        (instance,) = aws("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)[
            "Instances"
        ]
        (group,) = elb.create_target_group(Name="web", VpcId=instance["VpcId"], **WEB)[
            "TargetGroups"
        ]
        forward = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
        elb.create_listener(LoadBalancerArn=arn, DefaultActions=[forward], **WEB)
        elb.register_targets(
            TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": instance["InstanceId"]}]
        )
        return arn

    def measured(self, aws: Aws, arn: str, name: str, value: float, days: int = 14) -> None:
        of = {"LoadBalancer": arn.partition(":loadbalancer/")[2]}
        daily_metric(aws, "AWS/ApplicationELB", name, of, [value] * days)

    def test_no_traffic_beside_a_metric_that_is_always_there_is_none(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            arn = self.filled(account)
        self.measured(account, arn, "ConsumedLCUs", 0)
        (found,) = find(IdleLoadBalancers).findings
        assert found.resource_id == arn
        assert "nothing passed it" in found.recommendation
        assert found.evidence["targets"] == "1 healthy"

    def test_a_share_of_the_days_is_needed(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            arn = self.filled(account)
        self.measured(account, arn, "ConsumedLCUs", 0, days=3)
        (unknown,) = find(IdleLoadBalancers).unknown
        assert "on only 3 of 14 days" in unknown.reason

    def test_an_outage_is_no_waste(
        self, account: Aws, on: On, find: Find, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with on(SPRING):
            arn = self.filled(account)
        send = BaseClient._make_api_call

        def sick(client: Any, name: str, arguments: Any) -> Any:
            answer = send(client, name, arguments)
            for one in answer.get("TargetHealthDescriptions", ()):
                one["TargetHealth"]["State"] = "unhealthy"
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", sick)
        self.measured(account, arn, "ConsumedLCUs", 0)
        (found,) = find(IdleLoadBalancers).findings
        assert "none of its targets is healthy" in found.recommendation
        self.measured(account, arn, "RequestCount", 5)
        assert find(IdleLoadBalancers).clean == 1

    def test_without_metrics_nobody_knows_its_traffic(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            arn = self.balancer(account)
        (unknown,) = find(IdleLoadBalancers).unknown
        assert unknown.subject == arn
        assert "no metrics of ConsumedLCUs" in unknown.reason
        self.measured(account, arn, "ConsumedLCUs", 0)
        (found,) = find(IdleLoadBalancers).findings
        assert found.evidence["traffic"] == "0 in 14 days"

    def test_nothing_passes_a_classic_balancer_without_instances(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            account("elb").create_load_balancer(
                LoadBalancerName="old",
                Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
                AvailabilityZones=["us-east-1a"],
            )
        (found,) = find(IdleLoadBalancers).findings
        assert found.evidence["traffic"].startswith("not measured")

    def test_scanners_may_be_left_out(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            arn = self.balancer(account)
        self.measured(account, arn, "RequestCount", 80)
        self.measured(account, arn, "ConsumedLCUs", 0.1)
        assert find(IdleLoadBalancers).clean == 1
        assert len(find(IdleLoadBalancers, maximum_daily_requests=100).findings) == 1

    def test_a_classic_balancer_with_an_instance_and_no_metrics(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            elb = account("elb")
            elb.create_load_balancer(
                LoadBalancerName="old",
                Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
                AvailabilityZones=["us-east-1a"],
            )
            (instance,) = account("ec2").run_instances(
                ImageId="ami-12345678", MinCount=1, MaxCount=1
            )["Instances"]
            elb.register_instances_with_load_balancer(
                LoadBalancerName="old", Instances=[{"InstanceId": instance["InstanceId"]}]
            )
        (unknown,) = find(IdleLoadBalancers).unknown
        assert unknown.subject.endswith(":loadbalancer/old")
        assert "HealthyHostCount" in unknown.reason

    @given(st.lists(st.sampled_from(["healthy", "initial", "unavailable", "unhealthy", "unused"])))
    def test_one_target_that_may_answer_is_enough(self, states: list[str]) -> None:
        assert are_dead(states) == (not {"healthy", "initial", "unavailable"} & set(states))

    def test_a_denied_action_is_named(
        self, account: Aws, find: Find, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.balancer(account)
        text = "User: x is not authorized to perform: elasticloadbalancing:DescribeTargetGroups"
        refused(monkeypatch, "DescribeTargetGroups", "AccessDenied", text)
        (unknown,) = find(IdleLoadBalancers).unknown
        assert "elasticloadbalancing:DescribeTargetGroups" in unknown.reason


class TestNatGateways:
    def gateway(self, aws: Aws) -> dict[str, Any]:
        (told,) = aws("ec2").describe_nat_gateways()["NatGateways"]
        return dict(told)

    def test_a_route_makes_an_idle_gateway_less_sure(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            made_gateway(0)(account)
        (found,) = find(IdleNatGateways).findings
        assert (found.confidence, found.risk) == (0.95, Risk.LOW)
        table = account("ec2").describe_route_tables()["RouteTables"][0]["RouteTableId"]
        account("ec2").create_route(
            RouteTableId=table,
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=self.gateway(account)["NatGatewayId"],
        )
        (found,) = find(IdleNatGateways).findings
        assert (found.confidence, found.risk) == (0.85, Risk.MEDIUM)

    def test_bytes_in_one_direction_are_use(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            made_gateway(None)(account)
        of = {"NatGatewayId": self.gateway(account)["NatGatewayId"]}
        daily_metric(account, "AWS/NATGateway", "BytesInFromSource", of, [0] * 30)
        daily_metric(account, "AWS/NATGateway", "BytesInFromDestination", of, [0] * 29 + [1])
        assert find(IdleNatGateways).clean == 1

    def test_a_deleted_gateway_is_not_looked_at(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            made_gateway(0)(account)
        account("ec2").delete_nat_gateway(NatGatewayId=self.gateway(account)["NatGatewayId"])
        assert find(IdleNatGateways).checked == 0

    def test_the_own_bill_tells_what_is_over_paid(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            made_gateway(None)(account)
        name = self.gateway(account)["NatGatewayId"]
        arn: dict[str, Any] = {"ResourceId": f"arn:aws:ec2:us-east-1:{ACCOUNT}:natgateway/{name}"}
        hours = daily_charges("1", SkuMeter="USE1-NatGateway-Hours", **arn)
        assert (
            find(
                BusyNatGateways,
                [*hours, *daily_charges("1.9", SkuMeter="USE1-NatGateway-Bytes", **arn)],
            ).clean
            == 1
        )
        busy = [*hours, *daily_charges("4", SkuMeter="USE1-NatGateway-Bytes", **arn)]
        (found,) = find(BusyNatGateways, busy).findings
        assert found.current_cost == Decimal("121.75")  # its data alone
        assert found.estimated_monthly_savings == Decimal("30.44")
        assert found.evidence["gigabytes a day"] == "unknown"

    def test_only_missing_endpoints_are_advised(self, account: Aws, on: On, find: Find) -> None:
        with on(SPRING):
            made_gateway(200, endpoints=["s3"])(account)
        (found,) = find(MissingGatewayEndpoints).findings
        assert found.recommended_configuration == {"gateway endpoints": "dynamodb"}

    def test_one_saving_on_the_same_data_counts_once(
        self, account: Aws, on: On, find: Find
    ) -> None:
        with on(SPRING):
            made_gateway(200)(account)
        both = [
            *find(BusyNatGateways).findings,
            *find(MissingGatewayEndpoints).findings,
        ]
        assert len(both) == 2
        counted = [
            one.counted_savings or 0 for one in without_double_count(both, PriorityFormula())
        ]
        # 200 GB a day for 0.045 each, a quarter of it
        assert float(sum(counted)) == pytest.approx(200 * 30.4375 * 0.045 / 4, abs=0.02)

    def test_a_vpc_without_a_nat_gateway_has_nothing_to_save(
        self, account: Aws, find: Find
    ) -> None:
        assert account("ec2").describe_vpcs()["Vpcs"]
        assert find(MissingGatewayEndpoints).checked == 0


class TestCrossZoneTransfer:
    def traffic(self, cost: str, **columns: Any) -> list[dict[str, Any]]:
        return daily_charges(
            cost,
            **{
                "SubAccountId": ACCOUNT,
                "SkuMeter": "USE1-DataTransfer-Regional-Bytes",
                "PricingUnit": "GB",
                "PricingQuantity": Decimal(400),
                **columns,
            },
        )

    @pytest.mark.usefixtures("account")
    def test_each_account_and_region_is_on_its_own(self, find: Find) -> None:
        bill = [
            *self.traffic("4", ResourceId="i-1"),
            *self.traffic("4", ResourceId="i-2"),
            *self.traffic("4", RegionId="eu-west-1"),
            *self.traffic("4", SubAccountId="000000000002"),
        ]
        answer = find(CrossZoneTransfer, bill, regions=[])
        assert len(answer.findings) == 3
        first = answer.findings[0]
        assert first.estimated_monthly_savings == Decimal("60.87")  # a quarter of 243.50
        assert first.shares == {
            "i-1#between zones": Decimal("30.435"),
            "i-2#between zones": Decimal("30.435"),
        }
        others = {one.sub_account_id: one.evidence for one in answer.findings}
        assert "not looked at" in others["000000000002"]["load balancers that spread over zones"]
        assert find(CrossZoneTransfer, bill, regions=["eu-west-1"]).checked == 1

    def test_a_balancer_that_spreads_is_named(self, account: Aws, find: Find) -> None:
        case = CrossZoneTransfer.cases()[0]
        case.made(account)  # type: ignore[attr-defined] # an AwsCase
        (found,) = find(CrossZoneTransfer, self.traffic("4")).findings
        assert found.evidence["load balancers that spread over zones"] == "spreading"
        assert "spreading" in found.recommendation

    @pytest.mark.usefixtures("account")
    def test_without_permission_the_bill_still_stands(
        self, find: Find, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused(monkeypatch, "DescribeLoadBalancers", "AccessDenied", "no")
        (found,) = find(CrossZoneTransfer, self.traffic("4")).findings
        told = found.evidence["load balancers that spread over zones"]
        assert "elasticloadbalancing:DescribeLoadBalancers" in told

    @pytest.mark.usefixtures("account")
    def test_what_a_commitment_pays_cannot_be_saved(self, find: Find) -> None:
        paid = self.traffic("9", CommitmentDiscountId="arn:aws:savingsplans::1:savingsplan/x")
        assert find(CrossZoneTransfer, paid).checked == 0

    @pytest.mark.usefixtures("account")
    def test_traffic_is_no_alternative_to_another_size(self, find: Find) -> None:
        bill = self.traffic("9", ResourceId="i-0a1b2c3d4")
        (traffic,) = find(CrossZoneTransfer, bill).findings
        (same,) = (
            DataTransfer(DataTransfer.Options(), name="core")
            .find_savings(costs=bill_snapshot(Engine(threads=1), bill), window=WINDOW)
            .findings
        )
        smaller = replace(
            traffic, check="aws.rightsizing", resource_id="i-0a1b2c3d4", confidence=1, shares={}
        )
        counted = without_double_count([smaller, traffic, same], PriorityFormula())
        assert counted[0].counted_savings == smaller.estimated_monthly_savings
        once = [one.counted_savings or 0 for one in counted[1:]]
        assert sorted(once) == [0, traffic.estimated_monthly_savings]  # of the same traffic, one

    @pytest.mark.usefixtures("account")
    def test_a_bill_that_says_nothing_of_traffic_is_unknown(self, find: Find) -> None:
        for bill in ([], daily_charges("9", SkuMeter=None, ChargeDescription=None)):
            (unknown,) = find(CrossZoneTransfer, bill).unknown
            assert unknown.broad


class TestInternetTransfer:
    def traffic(self, cost: str, gigabytes: int, **columns: Any) -> list[dict[str, Any]]:
        return daily_charges(
            cost,
            **{
                "SubAccountId": ACCOUNT,
                "SkuMeter": "USE1-DataTransfer-Out-Bytes",
                "PricingUnit": "GB",
                "PricingQuantity": Decimal(gigabytes),
                **columns,
            },
        )

    @pytest.mark.usefixtures("account")
    def test_the_free_gigabytes_count_once(self, find: Find) -> None:
        bill = [
            *self.traffic("90", 1000),
            *self.traffic("45", 500, RegionId="eu-west-1"),
        ]
        large, small = find(InternetTransfer, bill, regions=[]).findings
        # Half of 30,437.5 GB for 0.005 less, and 1,000 of them for nothing
        assert float(large.estimated_monthly_savings) == pytest.approx(76.09 + 85, abs=0.02)
        assert float(small.estimated_monthly_savings) == pytest.approx(38.05, abs=0.02)

    @pytest.mark.usefixtures("account")
    def test_who_uses_cloudfront_has_none_free(self, find: Find) -> None:
        cdn = {
            "ServiceName": "Amazon CloudFront",
            "SkuMeter": "US-DataTransfer-Out-Bytes",
            "RegionId": None,
        }
        bill = [*self.traffic("90", 1000), *self.traffic("8", 100, **cdn)]
        answer = find(InternetTransfer, bill, regions=[])
        (found,) = answer.findings
        assert answer.checked == 1  # what CloudFront sends is no case for CloudFront
        assert float(found.estimated_monthly_savings) == pytest.approx(76.09, abs=0.02)

    @pytest.mark.usefixtures("account")
    def test_a_price_in_other_money_cannot_be_compared(self, find: Find) -> None:
        (unknown,) = find(InternetTransfer, self.traffic("9", 100, BillingCurrency="EUR")).unknown
        assert "in USD, the bill in EUR" in unknown.reason
        assert unknown.broad  # what was found of this way before may still be so

    @pytest.mark.usefixtures("account")
    def test_distributions_are_evidence(self, find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
        bill = self.traffic("9", 100)
        assert find(InternetTransfer, bill).findings[0].evidence["distributions"] == "none"
        refused(monkeypatch, "ListDistributions", "AccessDenied", "no")
        told = find(InternetTransfer, bill).findings[0].evidence["distributions"]
        assert "cloudfront:ListDistributions" in told
