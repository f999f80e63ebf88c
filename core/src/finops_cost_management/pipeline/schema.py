"""The JSON Schema of a pipeline file, put together from the plugins that are installed.

It is draft 7, which is what YAML editors understand. An entry's options depend on its ``use``
through ``if``/``then``: with ``oneOf`` every mistake would read "not valid under any of the
given schemas".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.errors import PluginError
from finops_cost_management.pipeline.policy_rules import RULES, PolicyRule
from finops_cost_management.pipeline.steps import (
    NAME_PATTERN,
    STEP_KEYS,
    BudgetKeys,
    SavingsKeys,
    StoreKeys,
    WindowKeys,
    kind_of,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from finops_cost_management.pipeline.steps import StepKeys
    from finops_cost_management.plugins.registry import Registry

Schema = dict[str, Any]

_PLACEHOLDER = "placeholder"
_DEFINITIONS = "#/definitions/"
_LIMITS = {"enum", "const", "pattern", "format", "minLength", "maxLength"}
_ANNOTATIONS = ("description", "markdownDescription", "default", "examples", "deprecated")


def json_schema(registry: Registry) -> Schema:
    """What a pipeline file may say in this environment.

    A plugin that cannot be imported is offered with its problem and its options go unchecked.
    """
    definitions: Schema = {
        _PLACEHOLDER: {
            "type": "string",
            "pattern": r"\$\{[^{}]+\}",
            "description": "${NAME}, ${NAME:-default} or ${file:/path}",
        }
    }
    properties: Schema = {
        "name": {
            "type": "string",
            "pattern": NAME_PATTERN,
            "description": "The name of the pipeline.",
        },
        "window": _model(WindowKeys, "window", definitions),
        "sources": _section("sources", registry, definitions),
        "store": _model(StoreKeys, "store", definitions),
        "detectors": _section("detectors", registry, definitions),
        "forecasters": _section("forecasters", registry, definitions),
        "optimizers": _section("optimizers", registry, definitions),
        "savings": _model(SavingsKeys, "savings", definitions),
        "budgets": _named(_model(BudgetKeys, "budgets", definitions), "What may be spent."),
        "policies": _named(_policy(definitions), "What must hold of resources, bill and answers."),
        "exports": _section("exports", registry, definitions),
        "notifiers": _section("notifiers", registry, definitions),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "FinOps pipeline",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "definitions": definitions,
    }


def _named(entry: Schema, description: str) -> Schema:
    return {
        "type": ["object", "null"],
        "description": description,
        "propertyNames": {"pattern": NAME_PATTERN},
        "additionalProperties": entry,
    }


def _section(section: str, registry: Registry, definitions: Schema) -> Schema:
    keys = STEP_KEYS[section]
    names = registry.names(kind_of(section))
    summaries: list[str] = []
    choices: list[Schema] = [
        _choice("use", {"pattern": ":"}, _step(keys, None, section, definitions)),
    ]
    for name in names:
        try:
            component = registry.find(kind_of(section), name)
        except PluginError as error:
            summaries.append(f"cannot be used: {error}")
            continue
        summaries.append(_summary(component))
        place = f"{section}.{name}"
        definitions[place] = _step(keys, component.Options, place, definitions)
        choices.append(_choice("use", {"const": name}, {"$ref": _DEFINITIONS + place}))
    use: Schema = {"type": "string", "pattern": "^[^:]+:[^:]+$"}
    if names:
        known = {"enum": names, "markdownEnumDescriptions": summaries}
        use = {"anyOf": [known, use]}
    entry = {
        "type": "object",
        "properties": {"use": {**use, **_described(keys.model_fields["use"].description)}},
        "required": ["use"],
        "allOf": choices,
    }
    definitions[section] = entry
    return _named({"$ref": _DEFINITIONS + section}, f"The {section} of the pipeline, by name.")


def _policy(definitions: Schema) -> Schema:
    """An entry whose options depend on its ``rule``."""
    choices = []
    for name, rule in RULES.items():
        place = f"policies.{name}"
        definitions[place] = entry = _model(rule, place, definitions)
        # As with `use`: described, with its choices, one level above.
        entry["properties"]["rule"] = {}
        choices.append(_choice("rule", {"const": name}, {"$ref": _DEFINITIONS + place}))
    known = {"enum": list(RULES), "markdownEnumDescriptions": [*map(_summary, RULES.values())]}
    return {
        "type": "object",
        "properties": {
            "rule": {**known, **_described(PolicyRule.model_fields["rule"].description)}
        },
        "required": ["rule"],
        "allOf": choices,
    }


def _choice(key: str, value: Schema, then: Schema) -> Schema:
    return {"if": {"properties": {key: value}, "required": [key]}, "then": then}


def _summary(described: type) -> str:
    """The first line of a class's documentation."""
    return (described.__doc__ or "").strip().partition("\n")[0]


def _step(
    keys: type[StepKeys], options: type[BaseModel] | None, place: str, definitions: Schema
) -> Schema:
    """An entry's own keys and, where they are known, the options of its plugin."""
    entry = _model(keys, place, definitions)
    # `use` is described, with its choices, one level above.
    entry["properties"]["use"] = {}
    if options is None:
        return {**entry, "additionalProperties": True}
    theirs = _model(options, place, definitions)
    return {
        **theirs,
        "properties": {**theirs.get("properties", {}), **entry["properties"]},
        "required": ["use", *theirs.get("required", [])],
    }


def _model(model: type[BaseModel], place: str, definitions: Schema) -> Schema:
    """The schema of a model; what it refers to goes to the definitions, under its place."""
    schema = model.model_json_schema(ref_template=_DEFINITIONS + place + "/{model}")
    for name, part in schema.pop("$defs", {}).items():
        # One path segment: a slash in a key of the definitions is written ~1 in a reference.
        definitions[f"{place}/{name}"] = _draft7(part)
    return _draft7(schema)


def _described(text: str | None) -> Schema:
    return {"description": text, "markdownDescription": text} if text else {}


def _draft7(schema: Schema) -> Schema:
    """A schema of pydantic, for editors: draft 7, described, with placeholders allowed."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    schema |= _described(schema.get("description"))
    for key in ("properties", "patternProperties"):
        if key in schema:
            schema[key] = {name: _draft7(part) for name, part in schema[key].items()}
    for key in ("additionalProperties", "items", "contains", "propertyNames"):
        if isinstance(schema.get(key), dict):
            schema[key] = _draft7(schema[key])
    if "prefixItems" in schema:
        schema["items"] = [_draft7(part) for part in schema.pop("prefixItems")]
    if "$ref" in schema:
        reference = schema.pop("$ref").replace(_DEFINITIONS, "")
        schema["allOf"] = [{"$ref": _DEFINITIONS + reference.replace("/", "~1")}]
    for key in {"anyOf", "oneOf"} & schema.keys():
        schema["anyOf"] = _alternatives(schema.pop(key))
    if _is_limited(schema):
        said = {key: schema.pop(key) for key in _ANNOTATIONS if key in schema}
        schema = {**said, "anyOf": [schema, {"$ref": _DEFINITIONS + _PLACEHOLDER}]}
    return schema


def _alternatives(parts: list[Schema]) -> list[Schema]:
    """Alternatives with one placeholder for all of them, where none takes any text."""
    parts = [part if _is_scalar(part) else _draft7(part) for part in parts]
    if any(map(_is_limited, parts)) and not any(map(_is_free_text, parts)):
        parts.append({"$ref": _DEFINITIONS + _PLACEHOLDER})
    return parts


def _types(schema: Schema) -> set[str]:
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)


def _is_scalar(schema: Schema) -> bool:
    return bool({"enum", "const"} & schema.keys()) or bool(
        _types(schema) & {"string", "number", "integer", "boolean", "null"}
    )


def _is_free_text(schema: Schema) -> bool:
    return "string" in _types(schema) and not _LIMITS & schema.keys()


def _is_limited(schema: Schema) -> bool:
    """Whether a scalar would refuse the text of a placeholder."""
    return _is_scalar(schema) and _types(schema) != {"null"} and not _is_free_text(schema)
