"""`finops aws permissions`: the least policy."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from finops_aws.policy import LONGEST, UNKNOWN_BUCKET, Need, needs_of_all, policy
from finops_cost_management.finops_cli import main
from finops_cost_management.plugins.registry import Registry

pytestmark = [pytest.mark.real_component, pytest.mark.invented]

PIPELINE = """
sources:
  bill: {use: aws.focus_export, path: "s3://example-bills/finops/focus/"}
  whole: {use: aws.cost_and_usage, path: "s3://example-reports"}
  mirrored: {use: aws.focus_export, path: exports}
  asked: {use: aws.cost_explorer}
  demo: {use: demo}
optimizers:
  volumes: {use: aws.unattached_volumes}
  again: {use: aws.unattached_volumes, lookback_days: 30}
  off: {use: aws.idle_instances, enabled: false}
  bill_only: {use: unused_commitments}
"""


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FINOPS_CONFIG", raising=False)

    def run(text: str | None, *arguments: str) -> tuple[dict[str, Any], str]:
        if text is not None:
            Path("pipeline.yaml").write_text(text)
            arguments = (*arguments, "pipeline.yaml")
        assert main(["aws", "permissions", *arguments]) == 0
        said = capsys.readouterr()
        document: dict[str, Any] = json.loads(said.out)
        return document, said.err

    return run


def statements(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in document["Statement"]}


def test_only_what_the_pipeline_names(printed: Any) -> None:
    document, said = printed(PIPELINE)
    assert document["Version"] == "2012-10-17"
    found = statements(document)
    assert found.keys() == {
        "AwsFocusExportList",
        "AwsFocusExportRead",
        "AwsCostAndUsageList",
        "AwsCostAndUsageRead",
        "AwsCostExplorer",
        "AwsUnattachedVolumes",
    }
    assert found["AwsUnattachedVolumes"] == {
        "Sid": "AwsUnattachedVolumes",
        "Effect": "Allow",
        "Action": ["ec2:DescribeVolumes", "sts:GetCallerIdentity"],
        "Resource": "*",
    }
    assert said == ""


def test_s3_is_limited_to_the_bucket_and_the_prefix(printed: Any) -> None:
    found = statements(printed(PIPELINE)[0])
    listed, read = found["AwsFocusExportList"], found["AwsFocusExportRead"]
    assert (listed["Action"], listed["Resource"]) == (
        ["s3:ListBucket"],
        "arn:aws:s3:::example-bills",
    )
    assert listed["Condition"] == {"StringLike": {"s3:prefix": "finops/focus/*"}}
    assert (read["Action"], read["Resource"]) == (
        ["s3:GetObject"],
        "arn:aws:s3:::example-bills/finops/focus/*",
    )
    assert "Condition" not in found["AwsCostAndUsageList"]
    assert found["AwsCostAndUsageRead"]["Resource"] == "arn:aws:s3:::example-reports/*"


def test_two_steps_of_one_component_have_names_of_their_own(printed: Any) -> None:
    document, _ = printed(
        "sources:\n"
        '  one: {use: aws.focus_export, path: "s3://bills/one"}\n'
        '  two: {use: aws.focus_export, path: "s3://bills/two"}\n'
    )
    assert [one["Sid"] for one in document["Statement"]] == [
        "AwsFocusExportList",
        "AwsFocusExportRead",
        "AwsFocusExportList2",
        "AwsFocusExportRead2",
    ]


def test_a_role_is_assumed_by_who_runs_it(printed: Any) -> None:
    role = "arn:aws:iam::000000000002:role/finops"
    document, said = printed(
        f'sources: {{asked: {{use: aws.cost_explorer, role_arn: "{role}"}}}}\n'
    )
    assert statements(document)["AssumeRole"]["Resource"] == [role]
    assert "for who runs finops" in said


def test_all_has_a_statement_for_each_component(printed: Any) -> None:
    document, said = printed(None, "--all")
    components = [
        info.name
        for kind in ("sources", "optimizers")
        for info in Registry().available(kind)
        if info.distribution == "finops-aws"
    ]
    sids = [re.sub(r"(List|Read)$", "", one["Sid"]) for one in document["Statement"]]
    assert set(sids) == {"".join(map(str.capitalize, re.split(r"[._]", c))) for c in components}
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    size = len(json.dumps(document, separators=(",", ":")))
    assert ("attach its statements as several policies" in said) == (size > LONGEST)


def test_without_a_pipeline_no_bucket_is_opened() -> None:
    document = policy([Need(use="aws.x", actions=("s3:GetObject",), path=UNKNOWN_BUCKET)])
    resources = [one["Resource"] for one in document["Statement"]]
    assert "*" not in resources
    assert all(re.search(r":::[A-Z-]{5,}", resource) for resource in resources)


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("sources: {demo: {use: demo}}\n", (), "no step of pipeline.yaml asks AWS"),
        (PIPELINE, ("--all",), "give one of them"),
        (None, (), "there is no pipeline file"),
        ("sources: {x: {use: aws.nothing}}\n", (), "aws.nothing"),
    ],
)
def test_what_cannot_be_answered(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FINOPS_CONFIG", raising=False)
    if text is not None:
        Path("pipeline.yaml").write_text(text)
        arguments = (*arguments, "pipeline.yaml")
    assert main(["aws", "permissions", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


@pytest.mark.parametrize("need", needs_of_all(Registry()), ids=lambda need: need.use)
def test_every_component_declares_actions_that_exist_and_only_read(need: Need) -> None:
    assert need.actions
    for action in need.actions:
        service, _, name = action.partition(":")
        assert re.match(r"(Describe|Get|List|BatchGet|Search|Lookup)", name), action
        if service != "s3":  # its actions are not named like its operations
            named = SERVICES.get(service, (service,))
            assert any(name in operations(one) for one in named), action


SERVICES = {"elasticloadbalancing": ("elb", "elbv2")}
"""Prefix of IAM → names of the services in botocore, where they differ."""


@cache
def operations(service: str) -> frozenset[str]:
    from botocore.session import Session

    return frozenset(Session().get_service_model(service).operation_names)
