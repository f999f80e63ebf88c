"""What pydantic refuses, said in the words of a pipeline file and with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.pipeline.problems import Problem, ValuePath, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from finops_cost_management.pipeline.yaml_document import YamlDocument


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    document: YamlDocument,
    base: ValuePath,
    subject: str,
    *,
    also: Iterable[str] = (),
) -> list[Problem]:
    """One problem per value that a model refuses.

    Args:
        error: What the model said.
        model: The model.
        document: Where the values are written.
        base: The path of the value that the model was given.
        subject: What the model describes, as in "is not an option of …".
        also: Keys that are known beside the model's.
    """
    reasons: dict[ValuePath, list[str]] = {}
    problems = []
    for detail in error.errors(include_url=False, include_input=False):
        path = _written(document, base, detail["loc"])
        if detail["type"] == "extra_forbidden":
            known = [*_keys(model, detail["loc"][:-1]), *(also if path[:-1] == base else ())]
            hint = did_you_mean(str(detail["loc"][-1]), known)
            message = f"{dotted(path)} is not an option of {subject}"
            problems.append(
                Problem(document.key_place(path), f"{message}; {hint}" if hint else message, path)
            )
        elif detail["type"] == "missing":
            needed = (*path, detail["loc"][-1])
            problems.append(
                Problem(
                    document.key_place(path), f"{dotted(needed)} is required by {subject}", path
                )
            )
        else:
            # A value that fits no part of a union gives one error for each part.
            reasons.setdefault(path, []).append(_reason(detail))
    problems += [
        Problem(document.place(path), f"{dotted(path)}: {' or '.join(dict.fromkeys(why))}", path)
        for path, why in reasons.items()
    ]
    return problems


def _written(document: YamlDocument, base: ValuePath, loc: tuple[str | int, ...]) -> ValuePath:
    """The path in the document: pydantic's own also names parts of unions and validators."""
    path = base
    for part in loc:
        if document.has((*path, part)):
            path = (*path, part)
    return path


def _keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that are known at some depth of a model."""
    for part in loc:
        field = model.model_fields.get(str(part))
        inner: Any = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error" and "ctx" in detail:
        return str(detail["ctx"]["error"])
    return detail["msg"][:1].lower() + detail["msg"][1:]
