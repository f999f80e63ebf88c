"""AWS's words and amounts in advice, and ours for them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from finops_aws.checks.asking_check import CENT
from finops_cost_management import Effort, OptimizationCategory, Risk

NO_AMOUNT = "AWS gives no amount for it"

EFFORTS = {
    "VeryLow": Effort.LOW,
    "Low": Effort.LOW,
    "Medium": Effort.MEDIUM,
    "High": Effort.HIGH,
    "VeryHigh": Effort.HIGH,
}
"""AWS's five words for work → ours."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource that AWS advises on.

    Attributes:
        title: ``EC2 Instance``.
        category: What kind of spend it is.
        restart: Whether a change of it interrupts it, where the adviser does not say.
    """

    title: str
    category: OptimizationCategory = OptimizationCategory.COMPUTE
    restart: bool = False


_STORAGE, _DATABASE = OptimizationCategory.STORAGE, OptimizationCategory.DATABASE
_KINDS = {
    "ec2instance": Kind("EC2 Instance", restart=True),
    "ec2autoscalinggroup": Kind("Auto Scaling Group"),
    "autoscalinggroup": Kind("Auto Scaling Group"),
    "ebsvolume": Kind("EBS Volume", _STORAGE),
    "ecsservice": Kind("ECS Service"),
    "lambdafunction": Kind("Lambda Function"),
    "rdsdbinstance": Kind("RDS Instance", _DATABASE, restart=True),
    "rdsdbinstancestorage": Kind("RDS Storage", _DATABASE),
    "auroradbclusterstorage": Kind("Aurora Storage", _DATABASE),
    "natgateway": Kind("NAT Gateway", OptimizationCategory.NETWORK),
    "dynamodbtable": Kind("DynamoDB Table", _DATABASE),
    "elasticachecluster": Kind("ElastiCache Cluster", _DATABASE),
    "memorydbcluster": Kind("MemoryDB Cluster", _DATABASE),
    "documentdbcluster": Kind("DocumentDB Cluster", _DATABASE),
    "workspaces": Kind("WorkSpace"),
    "sagemakerendpoint": Kind("SageMaker Endpoint"),
}


def kind_of(name: str) -> Kind:
    """The kind behind any of AWS's spellings; one that is new to us keeps AWS's name."""
    return _KINDS.get(name.lower()) or Kind(name)


@dataclass(frozen=True, slots=True)
class Step:
    """What AWS says should happen to a resource.

    Attributes:
        sentence: What to do, with places for ``kind``, ``name`` and ``target``.
        steps: How, in the safe order.
        risk: What it can break.
    """

    sentence: str
    steps: tuple[str, ...]
    risk: Risk = Risk.MEDIUM


_RESIZE = (
    "Compare AWS's figures with what its owner expects: a yearly peak may lie outside them.",
    "Try the new size on a copy, or outside busy hours.",
    "Watch it for a week; go back if it is slower.",
)
_REMOVE = (
    "Ask its owner whether it is needed: AWS sees traffic, not purpose.",
    "Save what it holds: a snapshot, a backup, its definition.",
    "Stop it where that is possible, and delete it when nobody has missed it for two weeks.",
)
ACTIONS = {
    "Rightsize": Step("Resize the {kind} {name} to {target}", _RESIZE),
    "ScaleIn": Step("Scale the {kind} {name} in to {target}", _RESIZE),
    "Upgrade": Step("Move the {kind} {name} to {target}", _RESIZE),
    "MigrateToGraviton": Step(
        "Move the {kind} {name} to Graviton: {target}",
        ("See whether all that runs on it exists for Arm.", *_RESIZE[1:]),
        Risk.HIGH,
    ),
    "Stop": Step("Stop the {kind} {name}: AWS sees it idle", _REMOVE),
    "Delete": Step("Delete the {kind} {name}: AWS sees it unused", _REMOVE, Risk.HIGH),
}
"""What AWS calls it → what it means."""


def action_of(name: str) -> Step:
    """The meaning of one of AWS's actions, of a new one, too."""
    return ACTIONS.get(name) or Step(name + " the {kind} {name}: {target}", _RESIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """An amount of AWS's.

    Attributes:
        amount: What a month would cost less.
        cost: What a month costs; never less than the saving.
        currency: ISO 4217 code.
        discounts: Whether it is after Savings Plans, reservations and agreed discounts; None
            where AWS does not say.
    """

    amount: Decimal
    cost: Decimal
    currency: str
    discounts: bool | None

    @classmethod
    def of(
        cls,
        amount: float | Decimal,
        cost: float | Decimal | None,
        currency: str,
        *,
        discounts: bool | None,
    ) -> Saving:
        """Read AWS's numbers; a cost that is missing or too small is the saving."""
        saved = max(_money(amount), Decimal(0))
        paid = _money(cost) if cost is not None else saved
        return cls(amount=saved, cost=max(paid, saved), currency=currency, discounts=discounts)

    @property
    def words(self) -> str:
        """What it counts, for evidence."""
        if self.discounts is None:
            return "AWS does not say whether after discounts"
        return "after discounts" if self.discounts else "before discounts"


def _money(amount: float | Decimal) -> Decimal:
    return Decimal(str(amount)).quantize(CENT)
