"""Checks of commitments, on answers that are checked against botocore's models."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_aws.checks.commitments.commitment_check import amount
from finops_aws.checks.commitments.commitment_coverage import CommitmentCoverage
from finops_aws.checks.commitments.commitment_purchases import CommitmentPurchases
from finops_aws.checks.commitments.commitment_utilization import CommitmentUtilization
from finops_aws.checks.commitments.expiring_commitments import ExpiringCommitments
from finops_aws.described_case import DescribingAws
from finops_cost_management import DataError, Risk, SavingsAnswer
from finops_cost_management.answers.alternatives import without_double_count
from finops_cost_management.answers.priority import PriorityFormula
from finops_cost_management.builtin.checks.commitment_purchases import (
    CommitmentPurchases as PurchasesOfCore,
)
from finops_cost_management.builtin.checks.unused_commitments import UnusedCommitments
from finops_cost_management.plugins.savings_case import Charge, daily_charges

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.model_checked_fake

PLAN = "arn:aws:savingsplans::012345678901:savingsplan/sp-1"
LEASE = "7d24d8a3-0000-4000-8000-000000000001"
RESERVATION = f"arn:aws:ec2:us-east-1:012345678901:reserved-instances/{LEASE}"
Find = Callable[..., SavingsAnswer]
Aws = Callable[..., DescribingAws]

NO_RESERVATIONS: dict[str, Any] = {
    "GetReservationUtilization": [{"UtilizationsByTime": []}],
    "GetReservationCoverage": [{"CoveragesByTime": []}],
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An AWS that gives these answers until the test ends; waiting costs no time."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    with ExitStack() as stack:

        def start(**answers: Any) -> DescribingAws:
            made = DescribingAws(answers)
            stack.enter_context(made.answering())
            return made

        yield start


def refused(code: str, message: str = "Rate exceeded") -> dict[str, str]:
    return {"Error": code, "Message": message}


def plan_used(unused: str, arn: str = PLAN, **facts: str) -> dict[str, Any]:
    return {
        "SavingsPlanArn": arn,
        "Attributes": facts,
        "Utilization": {"TotalCommitment": "100", "UnusedCommitment": unused},
        "AmortizedCommitment": {"TotalAmortizedCommitment": "300"},
    }


def plans_used(*plans: dict[str, Any], **more: Any) -> dict[str, Any]:
    period = {"Start": "2026-09-01", "End": "2026-10-01"}
    return {"SavingsPlansUtilizationDetails": list(plans), "TimePeriod": period, **more}


def reservation_used(unused: str, **facts: str) -> dict[str, Any]:
    return {
        "UtilizationsByTime": [
            {
                "TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"},
                "Groups": [
                    {
                        "Key": "SUBSCRIPTION_ID",
                        "Value": "123",
                        "Attributes": facts,
                        "Utilization": {
                            "PurchasedHours": "720",
                            "UnusedHours": unused,
                            "TotalAmortizedFee": "90",
                        },
                    }
                ],
            }
        ]
    }


def unused_on_the_bill(commitment: str) -> list[Charge]:
    columns: dict[str, Any] = {
        "CommitmentDiscountId": commitment,
        "CommitmentDiscountType": "Savings Plan",
        "PricingCategory": "Committed",
    }
    return [
        *daily_charges("5", CommitmentDiscountStatus="Used", ResourceId="i-1", **columns),
        *daily_charges("5", CommitmentDiscountStatus="Unused", ResourceId=commitment, **columns),
    ]


class TestUtilization:
    def test_saving_is_the_unused_share_of_the_amortised_cost(self, aws: Aws, find: Find) -> None:
        aws(GetSavingsPlansUtilizationDetails=[plans_used(plan_used("25"))], **NO_RESERVATIONS)
        (found,) = find(CommitmentUtilization).findings
        assert found.current_cost == Decimal("304.38")  # 300 in 30 days
        assert found.estimated_monthly_savings == Decimal("76.10")
        assert found.resource_id == PLAN

    def test_advice_of_core_on_the_same_plan_is_an_alternative(self, aws: Aws, find: Find) -> None:
        aws(GetSavingsPlansUtilizationDetails=[plans_used(plan_used("25"))], **NO_RESERVATIONS)
        bill = unused_on_the_bill(PLAN)
        both = [
            *find(CommitmentUtilization, bill).findings,
            *find(UnusedCommitments, bill).findings,
        ]
        settled = without_double_count(both, PriorityFormula())
        assert len(settled) == 2
        assert sorted(bool(one.counted_savings) for one in settled) == [False, True]

    def test_a_lease_gets_the_id_of_the_bill(self, aws: Aws, find: Find) -> None:
        aws(
            GetSavingsPlansUtilizationDetails=[plans_used()],
            GetReservationUtilization=[reservation_used("360", leaseId=LEASE)],
        )
        answer = find(CommitmentUtilization, unused_on_the_bill(RESERVATION), services=["ec2"])
        (found,) = answer.findings
        assert found.resource_id == RESERVATION
        assert found.estimated_monthly_savings == Decimal("45.66")

    def test_all_pages_are_read_and_paid(
        self, aws: Aws, find: Find, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        fake = aws(
            GetSavingsPlansUtilizationDetails=[
                plans_used(plan_used("25"), NextToken="2"),
                plans_used(plan_used("25", arn=f"{PLAN}0")),
            ]
        )
        assert len(find(CommitmentUtilization, services=[]).findings) == 2
        assert [told.get("NextToken") for _, told in fake.asked] == [None, "2"]
        assert "2 requests to Cost Explorer, 0.02 USD" in caplog.text

    def test_what_ended_is_not_judged(self, aws: Aws, find: Find) -> None:
        ended = plan_used("25", EndDateTime="2026-09-20T00:00:00Z")
        aws(GetSavingsPlansUtilizationDetails=[plans_used(ended)])
        assert find(CommitmentUtilization, services=[]).checked == 0

    def test_a_plan_of_ten_days_is_brought_to_a_month(self, aws: Aws, find: Find) -> None:
        young = plan_used("25", StartDateTime="2026-09-21T00:00:00Z")
        aws(GetSavingsPlansUtilizationDetails=[plans_used(young)])
        (found,) = find(CommitmentUtilization, services=[]).findings
        assert found.current_cost == Decimal("913.12")

    def test_denied_permission_is_named_and_the_rest_goes_on(self, aws: Aws, find: Find) -> None:
        message = "User: x is not authorized to perform: ce:GetSavingsPlansUtilizationDetails"
        aws(
            GetSavingsPlansUtilizationDetails=[refused("AccessDeniedException", message)],
            GetReservationUtilization=[reservation_used("360", leaseId=LEASE)],
        )
        answer = find(CommitmentUtilization, services=["ec2"])
        assert len(answer.findings) == 1
        (unknown,) = answer.unknown
        assert "ce:GetSavingsPlansUtilizationDetails" in unknown.reason

    def test_throttled_for_minutes_is_unknown_and_each_try_is_paid(
        self, aws: Aws, find: Find, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        aws(GetSavingsPlansUtilizationDetails=[refused("ThrottlingException")])
        (unknown,) = find(CommitmentUtilization, services=[]).unknown
        assert "busy" in unknown.reason
        assert "7 requests to Cost Explorer, 0.07 USD" in caplog.text

    def test_stops_at_the_limit(self, aws: Aws, find: Find) -> None:
        fake = aws(
            GetSavingsPlansUtilizationDetails=[plans_used(plan_used("25"))], **NO_RESERVATIONS
        )
        answer = find(CommitmentUtilization, maximum_requests=2, services=["ec2", "rds"])
        assert len(fake.asked) == 2
        (unknown,) = answer.unknown
        assert unknown.reason == "stopped at 2 requests to Cost Explorer, 0.02 USD"
        assert len(answer.findings) == 1

    def test_tries_are_counted_before_they_are_sent(self, aws: Aws, find: Find) -> None:
        fake = aws(GetSavingsPlansUtilizationDetails=[refused("ThrottlingException")])
        answer = find(CommitmentUtilization, maximum_requests=4, services=[])
        assert len(fake.asked) == 4  # of the seven that botocore would send
        (unknown,) = answer.unknown
        assert unknown.reason == "stopped at 4 requests to Cost Explorer, 0.04 USD"

    def test_no_amounts_are_unknown(self, aws: Aws, find: Find) -> None:
        aws(GetSavingsPlansUtilizationDetails=[plans_used({"SavingsPlanArn": PLAN})])
        (unknown,) = find(CommitmentUtilization, services=[]).unknown
        assert unknown.reason == "Cost Explorer gives no utilisation"


def coverage(service: str, covered: str, on_demand: str) -> dict[str, Any]:
    return {
        "Attributes": {"SERVICE": service},
        "Coverage": {"SpendCoveredBySavingsPlans": covered, "OnDemandCost": on_demand},
        "TimePeriod": {"Start": "2026-09-01", "End": "2026-10-01"},
    }


def rds_hours(reserved: str, run: str, cost: str) -> dict[str, Any]:
    total = {
        "CoverageHours": {"ReservedHours": reserved, "TotalRunningHours": run},
        "CoverageCost": {"OnDemandCost": cost},
    }
    period = {"Start": "2026-09-01", "End": "2026-09-02"}
    return {"CoveragesByTime": [{"TimePeriod": period, "Total": total}]}


class TestCoverage:
    def test_months_and_services_of_a_programme_are_added_up(self, aws: Aws, find: Find) -> None:
        compute = "Amazon Elastic Compute Cloud - Compute"
        entries = [
            coverage(compute, "100", "300"),
            coverage(compute, "100", "400"),
            coverage("AWS Lambda", "0", "100"),
        ]
        aws(GetSavingsPlansCoverage=[{"SavingsPlansCoverages": entries}])
        (found,) = find(CommitmentCoverage, services=[]).findings
        assert found.current_configuration == {"coverage": "20.0 %"}
        # 600 of 1,000 are missing to 80 %, at 27 % off, in 30 days.
        assert found.estimated_monthly_savings == Decimal("164.36")

    def test_services_are_asked_one_by_one(self, aws: Aws, find: Find) -> None:
        fake = aws(
            GetSavingsPlansCoverage=[{"SavingsPlansCoverages": []}],
            GetReservationCoverage=[rds_hours("0", "24", "300")],
        )
        (found,) = find(CommitmentCoverage, services=["rds"]).findings
        assert found.resource_id == "aws_rds"
        question = fake.asked[-1][1]
        assert question["Filter"]["Dimensions"]["Values"] == ["Amazon Relational Database Service"]
        # Cost Explorer refuses both together.
        assert not {"GroupBy", "Granularity"} <= question.keys()

    def test_no_usage_is_no_subject(self, aws: Aws, find: Find) -> None:
        aws(GetSavingsPlansCoverage=[{"SavingsPlansCoverages": []}], **NO_RESERVATIONS)
        assert find(CommitmentCoverage).checked == 0

    def test_fully_covered_is_clean(self, aws: Aws, find: Find) -> None:
        aws(
            GetSavingsPlansCoverage=[{"SavingsPlansCoverages": []}],
            GetReservationCoverage=[rds_hours("24", "24", "0")],
        )
        assert find(CommitmentCoverage, services=["rds"], target_coverage=1).clean == 1

    @given(covered=st.integers(0, 10**6), on_demand=st.integers(1, 10**6))
    def test_never_saves_more_than_what_is_on_demand(self, covered: int, on_demand: int) -> None:
        check = CommitmentCoverage(CommitmentCoverage.Options())
        check._bill_of = _NoBill()  # type: ignore[assignment] # the formula alone
        found = check._verdict(  # the formula alone
            "aws_compute",
            "plans",
            variant="x",
            coverage=Decimal(covered) / (covered + on_demand),
            on_demand=Decimal(on_demand),
            discount=Decimal("0.3"),
        )
        assert found is None or 0 < found.estimated_monthly_savings < on_demand


class _NoBill:
    currency = "USD"

    def shares(self, *_: object) -> dict[str, Decimal]:
        return {}


MADE = {"GenerationTimestamp": "2026-09-30T04:00:00Z"}


def plan_to_buy(**changes: str) -> dict[str, Any]:
    detail = {
        "CurrencyCode": "USD",
        "UpfrontCost": "0",
        "EstimatedSPCost": "730",
        "EstimatedOnDemandCost": "200",
        "EstimatedOnDemandCostWithCurrentCommitment": "1200",
        "EstimatedMonthlySavingsAmount": "273.75",
        "HourlyCommitmentToPurchase": "1.014",
        **changes,
    }
    return {
        "Metadata": MADE,
        "SavingsPlansPurchaseRecommendation": {
            "SavingsPlansPurchaseRecommendationDetails": [detail]
        },
    }


ONE_PLAN: dict[str, Any] = {"terms": ["1 year"], "payments": ["no upfront"], "services": []}


class TestPurchases:
    def test_figures_of_the_look_back_become_those_of_a_month(self, aws: Aws, find: Find) -> None:
        aws(GetSavingsPlansPurchaseRecommendation=[plan_to_buy(EstimatedOnDemandCost="600")])
        (found,) = find(CommitmentPurchases, lookback_days=60, **ONE_PLAN).findings
        assert found.current_cost == Decimal("608.75")  # 1,200 in 60 days
        assert found.evidence["of it covered"] == "304.38 USD"  # 600 in 60 days
        # Of a month already, as AWS gives it.
        assert found.estimated_monthly_savings == Decimal("273.75")

    def test_break_even_is_the_term_less_the_discount(self, aws: Aws, find: Find) -> None:
        aws(GetSavingsPlansPurchaseRecommendation=[plan_to_buy()])
        (found,) = find(CommitmentPurchases, **ONE_PLAN).findings
        # 1,000 in 30 days are 1,014.58 a month; 273.75 of them saved is 27 %; 73 % of 12 months.
        assert found.evidence["discount"] == "27.0 %"
        assert found.evidence["paid for itself after"] == "8.8 of 12 months of full use"
        assert found.evidence["if usage falls by 25 %"] == "saves 20.10 USD a month"
        assert found.evidence["if usage falls by 50 %"].startswith("loses")

    def test_terms_and_payments_are_each_asked_for(self, aws: Aws, find: Find) -> None:
        fake = aws(GetSavingsPlansPurchaseRecommendation=[plan_to_buy()])
        found = find(CommitmentPurchases, services=[]).findings
        assert len({one.id for one in found}) == 4
        assert {one.risk for one in found} == {Risk.MEDIUM, Risk.HIGH}
        asked = {(told["TermInYears"], told["PaymentOption"]) for _, told in fake.asked}
        assert asked == {
            (term, payment)
            for term in ("ONE_YEAR", "THREE_YEARS")
            for payment in ("NO_UPFRONT", "ALL_UPFRONT")
        }

    def test_terms_and_the_advice_of_core_are_alternatives(self, aws: Aws, find: Find) -> None:
        aws(GetSavingsPlansPurchaseRecommendation=[plan_to_buy()])
        bill = daily_charges(
            "40",
            ResourceId="i-1",
            SkuMeter="BoxUsage:m6i.4xlarge",
            PricingUnit="Hours",
        )
        found = [
            *find(CommitmentPurchases, bill, services=[]).findings,
            *find(PurchasesOfCore, bill).findings,
        ]
        counted = sum(
            one.counted_savings or Decimal(0)
            for one in without_double_count(found, PriorityFormula())
        )
        assert counted <= max(one.estimated_monthly_savings for one in found)

    def test_a_saving_is_never_more_than_the_cost(self, aws: Aws, find: Find) -> None:
        aws(
            GetSavingsPlansPurchaseRecommendation=[
                plan_to_buy(EstimatedMonthlySavingsAmount="99999")
            ]
        )
        (found,) = find(CommitmentPurchases, **ONE_PLAN).findings
        assert found.estimated_monthly_savings == found.current_cost

    def test_reservations_of_a_service_are_one_purchase(self, aws: Aws, find: Find) -> None:
        def detail(engine: str) -> dict[str, Any]:
            return {
                "InstanceDetails": {
                    "RDSInstanceDetails": {
                        "InstanceType": "db.r6g.large",
                        "DatabaseEngine": engine,
                        "Region": "eu-west-1",
                    }
                },
                "RecommendedNumberOfInstancesToPurchase": "2",
                "EstimatedMonthlyOnDemandCost": "300",
                "EstimatedMonthlySavingsAmount": "90",
            }

        details = {"RecommendationDetails": [detail("MySQL"), detail("PostgreSQL")]}
        fake = aws(
            GetReservationPurchaseRecommendation=[{"Metadata": MADE, "Recommendations": [details]}]
        )
        options = {**ONE_PLAN, "services": ["rds"], "savings_plans": []}
        (found,) = find(CommitmentPurchases, **options).findings
        assert found.estimated_monthly_savings == Decimal("180.00")
        assert "2 × db.r6g.large, PostgreSQL, eu-west-1" in found.recommendation
        assert fake.asked[0][1]["Service"] == "Amazon Relational Database Service"

    def test_no_data_is_unknown_for_each_question(self, aws: Aws, find: Find) -> None:
        aws(
            GetSavingsPlansPurchaseRecommendation=[refused("DataUnavailableException", "No data.")],
            GetReservationPurchaseRecommendation=[{"Metadata": MADE, "Recommendations": []}],
        )
        answer = find(CommitmentPurchases)
        assert (len(answer.unknown), answer.clean) == (4, 4)


END = datetime(2026, 10, 15, tzinfo=UTC)


def plan_described(end: str = "2026-10-15T00:00:00.000Z", **changes: str) -> dict[str, Any]:
    return {
        "savingsPlanArn": PLAN,
        "savingsPlanType": "Compute",
        "state": "active",
        "start": "2025-10-15T00:00:00.000Z",
        "end": end,
        **changes,
    }


def reservation_described(**changes: Any) -> dict[str, Any]:
    return {
        "ReservedInstancesId": LEASE,
        "InstanceType": "m5.large",
        "InstanceCount": 3,
        "Start": datetime(2025, 10, 15, tzinfo=UTC),
        "End": END,
        "State": "active",
        **changes,
    }


def covered_on_the_bill(commitment: str, on_demand: str = "34") -> list[Charge]:
    columns: dict[str, Any] = {
        "CommitmentDiscountId": commitment,
        "PricingCategory": "Committed",
        "CommitmentDiscountStatus": "Used",
        "ContractedCost": Decimal(on_demand),
    }
    return daily_charges("24", ResourceId="i-1", **columns)


class TestExpiring:
    def test_lost_is_what_the_usage_costs_more_on_demand(self, aws: Aws, find: Find) -> None:
        aws(DescribeSavingsPlans=[{"savingsPlans": [plan_described()]}])
        (found,) = find(ExpiringCommitments, covered_on_the_bill(PLAN)).findings
        assert found.current_cost == Decimal("1034.88")
        assert found.estimated_monthly_savings == Decimal("304.38")
        assert found.evidence["days left"] == "14"

    def test_reservations_of_ec2_get_the_id_of_the_bill(self, aws: Aws, find: Find) -> None:
        fake = aws(DescribeReservedInstances=[{"ReservedInstances": [reservation_described()]}])
        (found,) = find(ExpiringCommitments, covered_on_the_bill(RESERVATION)).findings
        assert found.resource_id == RESERVATION
        assert found.region_id == "us-east-1"
        assert "DescribeReservedDBInstances" in [name for name, _ in fake.asked]

    def test_reservations_of_rds_end_after_their_duration(self, aws: Aws, find: Find) -> None:
        arn = "arn:aws:rds:us-east-1:012345678901:ri:ri-2025"
        aws(
            DescribeReservedDBInstances=[
                {
                    "ReservedDBInstances": [
                        {
                            "ReservedDBInstanceId": "ri-2025",
                            "ReservedDBInstanceArn": arn,
                            "DBInstanceClass": "db.r6g.large",
                            "DBInstanceCount": 1,
                            "StartTime": datetime(2025, 10, 10, tzinfo=UTC),
                            "Duration": 31_536_000,
                            "State": "active",
                        }
                    ]
                }
            ]
        )
        (found,) = find(ExpiringCommitments, covered_on_the_bill(arn)).findings
        assert found.current_configuration["ends"] == "2026-10-10"

    def test_what_is_queued_to_follow_is_clean(self, aws: Aws, find: Find) -> None:
        queued = plan_described(
            "2027-10-15T00:00:00.000Z",
            savingsPlanArn=f"{PLAN}0",
            start="2026-10-15T00:00:00.000Z",
            state="queued",
        )
        aws(DescribeSavingsPlans=[{"savingsPlans": [plan_described(), queued]}])
        answer = find(ExpiringCommitments, covered_on_the_bill(PLAN))
        assert (len(answer.findings), answer.clean) == (0, 1)

    def test_a_queued_plan_of_another_type_does_not_follow(self, aws: Aws, find: Find) -> None:
        queued = plan_described(
            "2027-10-15T00:00:00.000Z",
            savingsPlanArn=f"{PLAN}0",
            start="2026-10-15T00:00:00.000Z",
            state="queued",
            savingsPlanType="SageMaker",
        )
        aws(DescribeSavingsPlans=[{"savingsPlans": [plan_described(), queued]}])
        assert len(find(ExpiringCommitments, covered_on_the_bill(PLAN)).findings) == 1

    def test_all_pages_of_plans_are_read(self, aws: Aws, find: Find) -> None:
        aws(
            DescribeSavingsPlans=[
                {"savingsPlans": [], "nextToken": "2"},
                {"savingsPlans": [plan_described()]},
            ]
        )
        assert len(find(ExpiringCommitments, covered_on_the_bill(PLAN)).findings) == 1

    def test_a_plan_that_saves_nothing_may_end(self, aws: Aws, find: Find) -> None:
        aws(DescribeSavingsPlans=[{"savingsPlans": [plan_described()]}])
        answer = find(ExpiringCommitments, covered_on_the_bill(PLAN, "20"))
        assert (len(answer.findings), answer.clean) == (0, 1)

    def test_a_region_that_is_not_opted_into_leaves_the_others(self, aws: Aws, find: Find) -> None:
        aws(
            DescribeSavingsPlans=[{"savingsPlans": [plan_described()]}],
            DescribeReservedInstances=[refused("AuthFailure", "Not able to validate credentials")],
        )
        answer = find(ExpiringCommitments, covered_on_the_bill(PLAN))
        assert len(answer.findings) == 1
        (unknown,) = answer.unknown
        assert unknown.subject == "EC2 reservations in us-east-1"
        assert "ec2:DescribeReservedInstances" in unknown.reason


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_amounts_are_read_exactly(value: Decimal) -> None:
    assert amount({"Amount": str(value)}, "Amount") == value


@pytest.mark.parametrize("text", [None, "", "NaN", "Infinity"])
def test_no_amount_is_none_and_never_0(text: str | None) -> None:
    assert amount({"Amount": text}, "Amount") is None


def test_what_is_no_amount_is_an_error() -> None:
    with pytest.raises(DataError, match="no amount"):
        amount({"Amount": "many"}, "Amount")
