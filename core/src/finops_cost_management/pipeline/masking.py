"""A configuration as it can be shown to anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from finops_cost_management.logs import MASK, variants, without_passwords
from finops_cost_management.pipeline.steps import SECTIONS
from finops_cost_management.pipeline.yaml_document import dump

if TYPE_CHECKING:
    from finops_cost_management.pipeline.config import Entry, PipelineConfig
    from finops_cost_management.pipeline.steps import StepKeys

_PYDANTIC_MASK = "**********"


def masked_yaml(config: PipelineConfig) -> str:
    """The configuration with its defaults, and every value that holds a secret as ``***``.

    Secrets are found by their text, so that one inside of an address is masked too; and so is
    who signs in at an address.
    """
    secrets = frozenset(face for secret in config.secrets for face in (secret, *variants(secret)))
    data: dict[str, Any] = {}
    for section in SECTIONS:
        part = getattr(config, section)
        data[section] = (
            _dumped(part)
            if not isinstance(part, dict)
            else {name: _dumped(entry) for name, entry in part.items()}
        )
    return dump(_masked({key: value for key, value in data.items() if value}, secrets))


def _dumped(part: Entry[StepKeys] | BaseModel | str) -> Any:
    if isinstance(part, str):
        return part
    if isinstance(part, BaseModel):
        return part.model_dump(mode="json", exclude_none=True)
    step = part.step.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"use": step.pop("use"), **part.options.model_dump(mode="json", by_alias=True), **step}


def _masked(value: Any, secrets: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _masked(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, secrets) for item in value]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    hidden = text == _PYDANTIC_MASK or any(secret in text for secret in secrets)
    return MASK if hidden else without_passwords(value) if isinstance(value, str) else value
