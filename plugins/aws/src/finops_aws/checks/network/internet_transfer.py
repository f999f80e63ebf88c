"""Traffic from a region straight to the internet, which CloudFront could carry for less."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from finops_aws.aws_case import AwsCase
from finops_aws.checks.list_prices import CLOUDFRONT_FREE_GB, CLOUDFRONT_GB
from finops_aws.checks.network.transfer_check import Transfer, TransferCheck, TransferOptions
from finops_cost_management import Effort, FinopsError, Risk, SavingsBasis, daily_charges
from finops_cost_management.builtin.checks.transfer_routes import Route
from finops_cost_management.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis

    from finops_aws.checks.region import Region
    from finops_cost_management import Recommendation, SavingsCase

_GATEWAY = r"natgateway/|nat-|vpn-"
"""What goes out through a gateway was asked for from inside: no CDN can keep it."""


class InternetTransferOptions(TransferOptions):
    """How much of the traffic a CDN could carry."""

    assumed_share: Decimal = Field(default=Decimal("0.5"), gt=0, le=1)
    """Share of the traffic to the internet that is assumed to be fit for CloudFront."""


class InternetTransfer(TransferCheck[InternetTransferOptions]):
    """Finds accounts that send much straight to the internet.

    To CloudFront, AWS sends for nothing; from there a gigabyte costs less than from most regions,
    and the first 1,000 a month nothing. What of the traffic is fit for it is assumed.
    """

    Options = InternetTransferOptions
    use = "aws.internet_transfer"
    permissions: ClassVar[tuple[str, ...]] = (
        "cloudfront:ListDistributions",
        "sts:GetCallerIdentity",
    )
    route = Route.INTERNET_OUT
    way = "to the internet"

    def charges(self, rows: ibis.Table) -> ibis.Table:
        """All but what leaves through gateways."""
        sent_by_cloudfront = rows.filter(rows.Route == Route.CDN.value).count().to_pyarrow().as_py()
        # There is one free allowance a bill: whoever sends most is judged first, and uses it.
        self._free = Decimal(0) if sent_by_cloudfront else CLOUDFRONT_FREE_GB
        gateway = rows.ResourceId.fill_null("").re_search(_GATEWAY)
        return super().charges(rows).filter(~gateway)

    def judge(self, transfer: Transfer, region: Region) -> Recommendation | str | None:
        """The saving is the own price less that of CloudFront, for the share that fits."""
        if not transfer.gigabytes or transfer.gigabytes < 0:
            return "charges without a quantity"
        if transfer.currency != "USD":
            return f"the list price of CloudFront is in USD, the bill in {transfer.currency}"
        share = self.options.assumed_share
        moved = transfer.gigabytes * share
        free = min(self._free, moved)
        self._free -= free
        own_price = transfer.cost / transfer.gigabytes
        saved = moved * own_price - (moved - free) * CLOUDFRONT_GB
        return self.advice(
            transfer,
            share=max(saved / transfer.cost, Decimal(0)),
            basis=SavingsBasis.LIST_PRICE,
            recommendation=(
                f"Send what {transfer.place} sends to the internet through CloudFront, as far as "
                "it can be"
            ),
            steps=(
                (
                    "See in the access logs what is sent: files and pages can be cached; answers "
                    "for one reader only pass through."
                ),
                "Compare the regions of the readers: CloudFront costs more in some.",
                "Put a distribution in front, and let only it read from the bucket or balancer.",
                "Move one host name at a time, and watch hit rate, requests and bill for a week.",
            ),
            recommended_configuration={"traffic": "through CloudFront, where it fits"},
            confidence=0.35,
            implementation_effort=Effort.MEDIUM,
            risk=Risk.MEDIUM,
            evidence={
                "own price of a gigabyte": f"{own_price:.4f} USD",
                "list price of CloudFront": f"{CLOUDFRONT_GB} USD, {free:,.0f} GB of these free",
                "assumption": f"{percent(share)} of this traffic fits",
                "left out": "requests of CloudFront",
                "distributions": self._distributions(transfer, region),
            },
        )

    def _distributions(self, transfer: Transfer, region: Region) -> str:
        """What the account has of CloudFront already, in words: why that is not known, too."""
        try:
            if region.account != transfer.account:
                return f"not looked at: the credentials are of account {region.account}"
            found = region.pages(
                "cloudfront:ListDistributions", "list_distributions", "DistributionList.Items"
            )
            names = [one["DomainName"] for one in found]
        except FinopsError as error:
            return f"not known: {error.what}"
        return f"{len(names)}, as {', '.join(names[:3])}" if names else "none"

    @classmethod
    def cases(cls) -> Sequence[SavingsCase]:
        """Much traffic, little, what a NAT gateway sends, and a bill without gigabytes."""

        def charges(cost: str, gigabytes: int | None, **columns: Any) -> list[dict[str, Any]]:
            return daily_charges(
                cost,
                **{
                    "ResourceId": "i-0a1b",
                    "SubAccountId": "123456789012",
                    "SkuMeter": "USE1-DataTransfer-Out-Bytes",
                    "PricingUnit": "GB",
                    "PricingQuantity": None if gigabytes is None else Decimal(gigabytes),
                    **columns,
                },
            )

        def nothing(_: Any) -> None:
            """An account without anything."""

        gateway = {"ResourceId": "arn:aws:ec2:us-east-1:123456789012:natgateway/nat-1"}
        return (
            AwsCase(name="a film", verdict="finding", made=nothing, charges=charges("9", 100)),
            AwsCase(
                name="a page",
                verdict="clean",
                made=nothing,
                charges=[*charges("0.9", 10), *charges("9", 100, **gateway)],
            ),
            AwsCase(
                name="nobody knows how much",
                verdict="unknown",
                made=nothing,
                charges=charges("9", None),
            ),
        )
