"""Cases of checks that ask AWS: what the account has, in moto's imitation of AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from finops_cost_management import SavingsCase
from finops_cost_management.plugins.savings_case import CASE_END, Charge

REGION = "us-east-1"
ClientOf = Callable[[str], Any]
"""Name of a service → its client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCase(SavingsCase):
    """An account, and what a check must say of it.

    Only tests read cases: what they need (moto, time-machine) is not installed with the plugin.

    Attributes:
        made: Makes what the account has, given a function that gives clients.
        days_ago: How long ago it was made.
        charges: The bill; a charge of another resource, for the region to be looked at, where
            it says nothing of its own.
    """

    made: Callable[[ClientOf], object]
    days_ago: int = 200
    charges: Sequence[Charge] = ()
    options: dict[str, Any] = field(default_factory=lambda: {"regions": [REGION]})

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """The account, for as long as the check is asked."""
        import boto3
        import time_machine
        from moto import mock_aws

        with mock_aws():
            made = datetime.combine(CASE_END, time(), UTC) - timedelta(days=self.days_ago)
            with time_machine.travel(made):
                self.made(lambda service: boto3.client(service, region_name=REGION))
            yield


def daily_metric(
    aws: ClientOf, namespace: str, name: str, dimensions: dict[str, str], values: Sequence[float]
) -> None:
    """Put a value of a metric on each of the last days before `CASE_END`, oldest first.

    Args:
        aws: Gives clients.
        namespace: ``AWS/EBS``.
        name: ``VolumeReadOps``.
        dimensions: ``{"VolumeId": "vol-0ab"}``.
        values: One for each day.
    """
    last = datetime.combine(CASE_END, time(12), UTC)
    aws("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": dimensions[key]} for key in dimensions],
                "Timestamp": last - timedelta(days=len(values) - number),
                "Value": value,
            }
            for number, value in enumerate(values)
        ],
    )
