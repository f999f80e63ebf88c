"""What the schema of the editor accepts, the program accepts, and the other way round."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from finops_cost_management.pipeline.loading import parse_config
from finops_cost_management.pipeline.problems import ConfigurationProblems
from finops_cost_management.pipeline.schema import json_schema
from finops_cost_management.pipeline.steps import SECTIONS
from finops_cost_management.pipeline.yaml_document import YamlDocument
from finops_cost_management.plugins.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real_component

PLUGINS = """
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from pydantic import BaseModel, Field, SecretStr
from finops_cost_management.plugins.component import *
from finops_cost_management.plugins.hookspecs import hookimpl

class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"

class Deep(BaseModel):
    model_config = {"extra": "forbid"}
    size: int = 1

class BillOptions(Options):
    path: str
    "Where it is."
    title: str = "x"
    "What it is called."
    threads: int | None = Field(default=None, ge=1)
    "How many."
    fast: bool = False
    "Whether."
    colour: Colour = Colour.RED
    "Which."
    mode: Literal["a", "b"] | int = "a"
    "How."
    amount: Decimal = Decimal(1)
    "How much."
    regions: list[str] = []
    "Where."
    pair: tuple[int, str] = (1, "x")
    "Both."
    deep: Deep = Deep()
    "More."
    labels: dict[str, int] = {}
    "Words."
    token: SecretStr | None = None
    "Hidden."

class Bill(Source[BillOptions]):
    "Reads a bill.\\n\\nAnd more."
    Options = BillOptions
    @hookimpl
    def collect_costs(self, window): ...

class Spikes(Detector[Options]):
    @hookimpl
    def detect_anomalies(self, panel): ...

class Line(Forecaster[Options]):
    @hookimpl
    def forecast_costs(self, panel): ...

class Say(Notifier[Options]):
    @hookimpl
    def notify(self, digest): ...
"""


@pytest.fixture
def registry(install: Callable[..., Path]) -> Registry:
    install(
        "finops-test",
        PLUGINS,
        sources="test.bill=Bill",
        detectors="spikes=Spikes",
        forecasters="line=Line",
        notifiers="say=Say",
    )
    install("finops-broken", "import not_there", detectors="broken=X")
    return Registry()


GOOD = [
    "name: x\nsources:\ndetectors: {}",
    "sources: {a: {use: test.bill, path: /x}}",
    "sources: {a: {use: test.bill, path: /x, threads: '${N:-4}', fast: '${F:-true}'}}",
    "sources: {a: {use: test.bill, path: /x, colour: '${C:-blue}', amount: '${A:-1.5}'}}",
    "sources: {a: {use: test.bill, path: /x, mode: '${C:-b}', labels: {a: '${A:-1}'}}}",
    "sources: {a: {use: test.bill, path: /x, deep: {size: '${A:-1}'}, pair: ['${A:-1}', y]}}",
    "sources: {a: {use: test.bill, path: /x, on_error: skip, enabled: '${E:-false}'}}",
    "sources: {a: {use: test.bill, path: /x, title: y, token: null, regions: [a, b]}}",
    "detectors: {a: {use: spikes, over: [service, tags.team], cost: billed}}",
    "detectors: {a: {use: spikes, where: {service: [a, null], region: {not: b}, account: 5}}}",
    "forecasters: {a: {use: line, horizon: 30, levels: [80%, 0.95]}}",
    "forecasters: {a: {use: line, horizon: {months: 3}}}",
    "budgets: {a: {amount: 5.5, period: yearly, alert_at: [80%, 1.2], currency: EUR}}",
    "budgets: {a: {amount: '${A:-5}'}}",
    "policies: {a: {rule: required_tags, tags: [team], minimum_cost: 2.5, severity: high}}",
    "policies: {a: {rule: tag_coverage, tags: [x], match: any, minimum: 95%, enabled: false}}",
    "policies: {a: {rule: allocation, by: [tags.team], minimum: 0.98, lookback_days: 60}}",
    "policies: {a: {rule: forbidden_instance_families, families: [p3], where: {account: 5}}}",
    "policies: {a: {rule: forbidden_regions, regions: [us-*], severity: '${S:-low}'}}",
    "policies: {a: {rule: allowed_regions, regions: ['${R:-eu-*}']}}",
    "policies: {a: {rule: maximum_age, days: 90, resource_types: ['*snapshot*'], services: []}}",
    "budgets: {b: {amount: 5}}\npolicies: {a: {rule: budget_headroom, budget: b, minimum: 0}}",
    """
    optimizers: {x: {use: unused_commitments}}
    policies:
      a: {rule: maximum_open_savings, amount: 5.10, currency: EUR}
      b: {rule: maximum_open_savings, share: 2.5%}
    """,
    "notifiers: {a: {use: say, when: {severity: high}}}",
    "window: {months: 3, lag: 1}",
    "store: {path: s3://x, storage_options: {key: '${K:-secret}'}}",
]

BAD = [
    "notifers: {}",
    "name: Not A Name",
    "sources: {A: {use: test.bill, path: /x}}",
    "sources: {a: {path: /x}}",
    "sources: {a: {use: test.bil, path: /x}}",
    "sources: {a: {use: test.bill}}",
    "sources: {a: {use: test.bill, path: /x, thread: 4}}",
    "sources: {a: {use: test.bill, path: /x, threads: many}}",
    "sources: {a: {use: test.bill, path: /x, threads: 0}}",
    "sources: {a: {use: test.bill, path: /x, colour: green}}",
    "sources: {a: {use: test.bill, path: /x, over: [service]}}",
    "sources: {a: {use: test.bill, path: /x, deep: {sise: 1}}}",
    "sources: {a: {use: test.bill, path: /x, on_error: ignore}}",
    "detectors: {a: {use: test.bill}}",
    "detectors: {a: {use: spikes, cost: bild}}",
    "detectors: {a: {use: spikes, where: {service: {nott: x}}}}",
    "forecasters: {a: {use: line, horizon: {weeks: 3}}}",
    "forecasters: {a: {use: line, levels: [x]}}",
    "forecasters: {a: {use: line, levels: []}}",
    "budgets: {a: {}}",
    "budgets: {a: {amount: 5, per: month}}",
    "budgets: {a: {amount: 5, currency: euro}}",
    "policies: {a: {}}",
    "policies: {A: {rule: required_tags, tags: [team]}}",
    "policies: {a: {rule: required_tag, tags: [team]}}",
    "policies: {a: {rule: required_tags}}",
    "policies: {a: {rule: required_tags, tags: []}}",
    "policies: {a: {rule: required_tags, tags: [team], minimum: 5%}}",
    "policies: {a: {rule: required_tags, tags: [team], severity: awful}}",
    "policies: {a: {rule: required_tags, tags: [team], minimum_cost: -1}}",
    "policies: {a: {rule: tag_coverage, tags: [team], match: most}}",
    "policies: {a: {rule: allocation, by: [tags.team], minimum: 98}}",
    "policies: {a: {rule: maximum_age, days: 0}}",
    "budgets: {b: {amount: 5}}\npolicies: {a: {rule: budget_headroom, where: {region: x}}}",
    "notifiers: {a: {use: say, when: {severity: awful}}}",
    "window: {lag: -1}",
    "store: {use: parquet}",
]


@pytest.fixture
def validator(registry: Registry) -> Any:
    schema = json_schema(registry)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_right_files_are_right_for_both(registry: Registry, validator: Any) -> None:
    for text in GOOD:
        # The editor sees the placeholder, the program its value.
        unreplaced = YamlDocument(text.replace("${", "$${"), {}).data
        assert [error.message for error in validator.iter_errors(unreplaced)] == [], text
        parse_config(text, registry, environment={})


def test_wrong_files_are_wrong_for_both(registry: Registry, validator: Any) -> None:
    for text in BAD:
        assert not validator.is_valid(YamlDocument(text, {}).data), text
        with pytest.raises(ConfigurationProblems):
            parse_config(text, registry, environment={})


def test_mistake_is_told_in_words(validator: Any) -> None:
    data = YamlDocument("sources: {a: {use: test.bill, path: /x, thread: 4}}", {}).data
    (error,) = validator.iter_errors(data)
    assert error.message == "Additional properties are not allowed ('thread' was unexpected)"


def test_module_and_class_take_any_option(validator: Any) -> None:
    data = YamlDocument("detectors: {a: {use: 'my_module:Mine', anything: [1]}}", {}).data
    assert validator.is_valid(data)


def test_broken_plugin_is_offered_with_its_problem(validator: Any) -> None:
    use = validator.schema["definitions"]["detectors"]["properties"]["use"]
    offered = dict(
        zip(use["anyOf"][0]["enum"], use["anyOf"][0]["markdownEnumDescriptions"], strict=True)
    )
    assert offered["broken"].startswith("cannot be used: 'broken' from finops-broken failed")
    assert validator.is_valid({"detectors": {"a": {"use": "broken", "anything": 1}}})


def test_descriptions_come_from_the_docstrings(validator: Any) -> None:
    definitions = validator.schema["definitions"]
    threads = definitions["sources.test.bill"]["properties"]["threads"]
    assert threads["description"] == threads["markdownDescription"] == "How many."
    assert "title" in definitions["sources.test.bill"]["properties"]
    use = definitions["sources"]["properties"]["use"]["anyOf"][0]
    assert "Reads a bill." in use["markdownEnumDescriptions"]


def test_every_section_is_there(validator: Any) -> None:
    assert sorted(validator.schema["properties"]) == sorted(SECTIONS)


def test_every_reference_has_its_definition(validator: Any) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for item in node.values() for found in references(item)]
        if isinstance(node, list):
            return [found for item in node for found in references(item)]
        return []

    names = {
        reference.removeprefix("#/definitions/").replace("~1", "/")
        for reference in references(validator.schema)
    }
    assert names <= validator.schema["definitions"].keys()


def test_installed_plugins_have_a_valid_schema() -> None:
    schema = json_schema(Registry())
    jsonschema.Draft7Validator.check_schema(schema)
    text = dedent(
        """
        sources: {demo: {use: demo}}
        notifiers: {out: {use: console}}
        """
    )
    assert jsonschema.Draft7Validator(schema).is_valid(YamlDocument(text, {}).data)
