"""What the cases of database checks are made of, in moto."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from finops_cost_management.plugins.savings_case import CASE_END

if TYPE_CHECKING:
    from collections.abc import Mapping


def database(aws: Any, name: str = "orders", **details: Any) -> str:
    """A MySQL instance of 100 GiB; the name."""
    aws("rds").create_db_instance(
        **{
            "DBInstanceIdentifier": name,
            "DBInstanceClass": "db.m5.xlarge",
            "Engine": "mysql",
            "EngineVersion": "8.4.5",
            "AllocatedStorage": 100,
            "StorageType": "gp3",
            "MasterUsername": "owner",
            "MasterUserPassword": "moto-only-1",
            **details,
        }
    )
    return name


def metric(  # what CloudWatch wants to know of a metric
    aws: Any,
    name: str,
    value: float,
    *,
    of: Mapping[str, str],
    namespace: str = "AWS/RDS",
    days: int = 14,
) -> None:
    """The same value at noon of each of the last days."""
    end = datetime.combine(CASE_END, time(), UTC)
    aws("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": text} for key, text in of.items()],
                "Timestamp": end - timedelta(days=number, hours=12),
                "Value": value,
            }
            for number in range(days)
        ],
    )


def database_metrics(aws: Any, name: str, *, days: int = 14, **values: float) -> None:
    """Metrics of an instance of RDS, by their names in CloudWatch."""
    for metric_name, value in values.items():
        metric(aws, metric_name, value, of={"DBInstanceIdentifier": name}, days=days)
