"""What Compute Optimizer can be asked: one operation for each kind of resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One thing that can be changed of a resource.

    Attributes:
        kind: AWS's word for it.
        current: The key of the answer that says what it is now; it may be the answer itself ("").
        options: The key of what AWS proposes instead.
        proposed: The key of an option that says what it would be; it may be the option itself.
        names: What is shown of both: AWS's name → ours.
        finding: The key of what AWS thinks of it.
        reasons: The key of why.
    """

    kind: str
    current: str = ""
    options: str = "recommendationOptions"
    proposed: str = ""
    names: Mapping[str, str]
    finding: str = "finding"
    reasons: str = "findingReasonCodes"

    def now(self, item: Mapping[str, Any]) -> dict[str, str]:
        """What it is."""
        return self._shown(item.get(self.current, {}) if self.current else item)

    def then(self, option: Mapping[str, Any]) -> dict[str, str]:
        """What it would be."""
        return self._shown(option.get(self.proposed, {}) if self.proposed else option)

    def _shown(self, told: Mapping[str, Any]) -> dict[str, str]:
        return {
            ours: f"{told[theirs]}{_UNITS.get(ours, '')}"
            for theirs, ours in self.names.items()
            if told.get(theirs) is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An operation of Compute Optimizer.

    Attributes:
        name: The word for it in the option ``resources``.
        action: The IAM action; it has the operation's name.
        result: The key of the answer's list.
        id: The key of a resource's ARN.
        views: What can be changed of each.
    """

    name: str
    action: str
    result: str
    id: str
    views: tuple[View, ...] = ()


_UNITS = {"size": " GiB", "memory": " MiB", "throughput": " MiB/s", "storage": " GiB"}

_VOLUME = {
    "volumeType": "type",
    "volumeSize": "size",
    "volumeBaselineIOPS": "IOPS",
    "volumeBaselineThroughput": "throughput",
}
_GROUP = {"instanceType": "type", "minSize": "minimum", "desiredCapacity": "desired"}
_DATABASE_STORAGE = {
    "storageType": "type",
    "allocatedStorage": "storage",
    "iops": "IOPS",
    "storageThroughput": "throughput",
}

IDLE = Question(
    name="idle",
    action="compute-optimizer:GetIdleRecommendations",
    result="idleRecommendations",
    id="resourceArn",
)
QUESTIONS = (
    Question(
        name="instances",
        action="compute-optimizer:GetEC2InstanceRecommendations",
        result="instanceRecommendations",
        id="instanceArn",
        views=(
            View(
                kind="Ec2Instance",
                names={"currentInstanceType": "type", "instanceType": "type"},
            ),
        ),
    ),
    Question(
        name="volumes",
        action="compute-optimizer:GetEBSVolumeRecommendations",
        result="volumeRecommendations",
        id="volumeArn",
        views=(
            View(
                kind="EbsVolume",
                current="currentConfiguration",
                options="volumeRecommendationOptions",
                proposed="configuration",
                names=_VOLUME,
            ),
        ),
    ),
    Question(
        name="functions",
        action="compute-optimizer:GetLambdaFunctionRecommendations",
        result="lambdaFunctionRecommendations",
        id="functionArn",
        views=(
            View(
                kind="LambdaFunction",
                options="memorySizeRecommendationOptions",
                names={"currentMemorySize": "memory", "memorySize": "memory"},
            ),
        ),
    ),
    Question(
        name="groups",
        action="compute-optimizer:GetAutoScalingGroupRecommendations",
        result="autoScalingGroupRecommendations",
        id="autoScalingGroupArn",
        views=(
            View(
                kind="AutoScalingGroup",
                current="currentConfiguration",
                proposed="configuration",
                names=_GROUP,
            ),
        ),
    ),
    Question(
        name="databases",
        action="compute-optimizer:GetRDSDatabaseRecommendations",
        result="rdsDBRecommendations",
        id="resourceArn",
        views=(
            View(
                kind="RdsDbInstance",
                options="instanceRecommendationOptions",
                names={"currentDBInstanceClass": "class", "dbInstanceClass": "class"},
                finding="instanceFinding",
                reasons="instanceFindingReasonCodes",
            ),
            View(
                kind="RdsDbInstanceStorage",
                current="currentStorageConfiguration",
                options="storageRecommendationOptions",
                proposed="storageConfiguration",
                names=_DATABASE_STORAGE,
                finding="storageFinding",
                reasons="storageFindingReasonCodes",
            ),
        ),
    ),
    Question(
        name="services",
        action="compute-optimizer:GetECSServiceRecommendations",
        result="ecsServiceRecommendations",
        id="serviceArn",
        views=(
            View(
                kind="EcsService",
                current="currentServiceConfiguration",
                options="serviceRecommendationOptions",
                names={"cpu": "CPU units", "memory": "memory"},
            ),
        ),
    ),
    IDLE,
)
