"""Auto Scaling groups that the cases of checks are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finops_aws.aws_case import ClientOf


def group(
    aws: ClientOf,
    name: str,
    *,
    members: int,
    minimum: int | None = None,
    maximum: int | None = None,
    instance_type: str = "m5.large",
    on_demand_percent: int | None = None,
    **details: Any,
) -> str:
    """The ARN of a new group.

    Args:
        aws: Gives clients.
        name: Its name, and that of its launch template.
        members: How many it wants.
        minimum: As many as it wants, if not given.
        maximum: Likewise.
        instance_type: Of its members.
        on_demand_percent: With it, the group has a mixed instances policy.
        **details: Other arguments of CreateAutoScalingGroup.
    """
    template = {"LaunchTemplateName": name}
    aws("ec2").create_launch_template(
        **template,
        LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": instance_type},
    )
    launched: dict[str, Any] = {"LaunchTemplate": template}
    if on_demand_percent is not None:
        launched = {
            "MixedInstancesPolicy": {
                "LaunchTemplate": {"LaunchTemplateSpecification": template},
                "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": on_demand_percent},
            }
        }
    scaling = aws("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=members if minimum is None else minimum,
        MaxSize=members if maximum is None else maximum,
        DesiredCapacity=members,
        AvailabilityZones=["us-east-1a"],
        **launched,
        **details,
    )
    (made,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    return str(made["AutoScalingGroupARN"])


def balancer_for(aws: ClientOf, name: str) -> str:
    """The ARN of a new target group without targets, behind a balancer of its own."""
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [
        one["SubnetId"]
        for one in aws("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
            "Subnets"
        ]
    ]
    balancers = aws("elbv2")
    (balancer,) = balancers.create_load_balancer(Name=name, Subnets=subnets[:2])["LoadBalancers"]
    (targets,) = balancers.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)[
        "TargetGroups"
    ]
    balancers.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets["TargetGroupArn"]}],
    )
    return str(targets["TargetGroupArn"])
