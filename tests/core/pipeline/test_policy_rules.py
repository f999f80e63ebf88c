"""Policies in a pipeline file: what they become, and what is said of a wrong one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finops_cost_management.answers.anomalies import AnomalySeverity
from finops_cost_management.pipeline.config import PipelineConfig
from finops_cost_management.pipeline.loading import parse_config
from finops_cost_management.pipeline.masking import masked_yaml
from finops_cost_management.pipeline.policy_rules import RULES, RequiredTags, TagCoverage
from finops_cost_management.pipeline.problems import ConfigurationProblems, Place
from finops_cost_management.plugins.registry import Registry

pytestmark = pytest.mark.real_component


def read(text: str) -> PipelineConfig:
    return parse_config(text, Registry(), environment={})


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationProblems) as caught:
        read(text)
    return [problem.within("f") for problem in caught.value.problems]


def test_policies_keep_their_order_and_their_places() -> None:
    config = read(
        "policies:\n"
        "  owned: {rule: required_tags, tags: [team], minimum_cost: 0.10, severity: critical}\n"
        "  covered: {rule: tag_coverage, tags: [team]}\n"
    )
    owned, covered = config.policies.values()
    assert isinstance(owned, RequiredTags)
    assert (owned.tags, owned.minimum_cost) == (("team",), Decimal("0.10"))
    assert owned.severity is AnomalySeverity.CRITICAL
    assert isinstance(covered, TagCoverage)
    assert (covered.minimum, covered.severity) == (Decimal("0.95"), AnomalySeverity.MEDIUM)
    assert config.policy_places == {"owned": Place(2, 3), "covered": Place(3, 3)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "policies:\n  a: {rule: required_tag, tags: [x]}",
            "f:2:13: policies.a.rule: 'required_tag' is not a rule; did you mean 'required_tags'?",
        ),
        (
            "policies: {a: {rule: allocation, by: [servce]}}",
            "f:1:39: policies.a.by[0]: 'servce' is not a dimension; did you mean 'service'?",
        ),
        (
            "policies: {a: {rule: allocation, by: [service], where: {tag: x}}}",
            "'tag' is not a dimension",
        ),
        (
            "budgets: {shop: {amount: 5}}\npolicies: {a: {rule: budget_headroom, budget: shp}}",
            "f:2:47: policies.a.budget: there is no budget 'shp'; did you mean 'shop'?",
        ),
        (
            "policies: {a: {rule: budget_headroom}}",
            "f:1:12: policies.a: budget_headroom needs an entry of `budgets:`",
        ),
        (
            "policies: {a: {rule: maximum_open_savings, share: 5%}}",
            "f:1:12: policies.a: maximum_open_savings needs an entry of `optimizers:`",
        ),
        (
            "policies: {a: {rule: maximum_open_savings, share: 5%, amount: 3}}",
            "must say either amount and currency, or share",
        ),
        (
            "policies: {a: {rule: maximum_open_savings, amount: 3}}",
            "an amount needs its currency",
        ),
        (
            "policies: {a: {rule: tag_coverage, tags: [x], minimum: 95}}",
            "f:1:56: policies.a.minimum: 95 is not between 0% and 100%; did you mean 95%?",
        ),
        (
            "policies: {a: {rule: required_tags, tags: [x], tag: y}}",
            "policies.a.tag is not an option of required_tags; did you mean 'tags'?",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place(text: str, said: str) -> None:
    (problem,) = problems(text)
    assert said in problem


def test_a_missing_rule_names_all_rules() -> None:
    (problem,) = problems("policies: {a: {tags: [x]}}")
    assert all(rule in problem for rule in RULES)


@pytest.mark.parametrize("minimum", ["nan", "-1", "inf", "1000%", "x", "true", "[1]"])
def test_what_is_no_part_of_a_whole_is_refused(minimum: str) -> None:
    assert problems(f"policies: {{a: {{rule: tag_coverage, tags: [x], minimum: {minimum}}}}}")


def test_the_configuration_is_shown_with_its_policies() -> None:
    shown = masked_yaml(read("policies: {a: {rule: tag_coverage, tags: [team], minimum: 90%}}"))
    assert (
        read(shown).policies
        == read("policies: {a: {rule: tag_coverage, tags: [team], minimum: 0.9}}").policies
    )


def test_every_rule_explains_itself_and_its_options() -> None:
    for name, rule in RULES.items():
        assert rule.model_fields["rule"].annotation is not None
        assert name in str(rule.model_fields["rule"].annotation)
        assert rule.__doc__
        assert all(field.description for key, field in rule.model_fields.items() if key != "rule")


def test_only_some_sections_leave_policies_out() -> None:
    config = read("policies: {a: {rule: tag_coverage, tags: [team]}}")
    assert not config.only("optimizers").policies
    assert config.only("policies").policies == config.policies
