"""The least IAM policy for the steps of a pipeline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finops_aws.access import AwsOptions
from finops_aws.deliveries.places import SCHEME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.plugins.registry import Registry

LONGEST = 6144
"""How many characters a managed policy may have, without white space."""

UNKNOWN_BUCKET = f"{SCHEME}THE-BUCKET-OF-THE-EXPORT"
"""Stands where no option names a bucket: no bucket can have such a name, so it allows nothing."""

_LIST, _READ = "s3:ListBucket", "s3:GetObject"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Need:
    """What one step asks of AWS.

    Attributes:
        use: The component, as a pipeline names it.
        actions: The IAM actions that it declares.
        path: Where the deliveries are that it reads; None if it reads none.
        role: The role that it assumes; None if it assumes none.
    """

    use: str
    actions: tuple[str, ...]
    path: str | None = None
    role: str | None = None


def needs_of(config: PipelineConfig) -> list[Need]:
    """What the steps of a pipeline ask of AWS, each once; not those that are switched off."""
    found: dict[Need, None] = {}
    for entry in config.entries:
        actions = _actions(entry.component)
        if not (actions and entry.step.enabled):
            continue
        options = entry.options
        role = options.role_arn if isinstance(options, AwsOptions) else None
        path = getattr(options, "path", None)
        if path is not None and not path.startswith(SCHEME):
            continue  # a folder needs no permission
        found[Need(use=entry.step.use, actions=actions, path=path, role=role)] = None
    return list(found)


def needs_of_all(registry: Registry) -> list[Need]:
    """What all components of this plugin may ask of AWS."""
    found = []
    for kind in ("sources", "optimizers"):
        for info in registry.available(kind):
            if not info.value.startswith("finops_aws."):
                continue
            component = registry.find(kind, info.name)
            path = UNKNOWN_BUCKET if "path" in component.Options.model_fields else None
            found.append(Need(use=info.name, actions=_actions(component), path=path))
    return found


def _actions(component: type[Component[Any]]) -> tuple[str, ...]:
    """What a component of this plugin declares; nothing for those of others."""
    if not component.__module__.startswith("finops_aws."):
        return ()
    return tuple(sorted(set(getattr(component, "permissions", ()))))


def policy(needs: Iterable[Need]) -> dict[str, Any]:
    """An IAM policy with a statement for each component.

    A component that reads deliveries has two: it lists the bucket below the prefix, and reads
    the objects there. For all else, the APIs of billing and inventory know no smaller resource
    that would fit every account.
    """
    statements: list[dict[str, Any]] = []
    by_name: dict[str, list[dict[str, Any]]] = {}
    needs = list(needs)
    for need in needs:
        for statement in _statements(need):
            sid = statement["Sid"]
            same = by_name.setdefault(sid, [])
            if statement not in same:
                same.append(statement)
                number = str(len(same)) if len(same) > 1 else ""
                statements.append({**statement, "Sid": f"{sid}{number}"})
    if roles := sorted({need.role for need in needs if need.role}):
        statements.append(_allowed("AssumeRole", ["sts:AssumeRole"], roles))
    return {"Version": "2012-10-17", "Statement": statements}


def _statements(need: Need) -> Iterator[dict[str, Any]]:
    sid = "".join(map(str.capitalize, re.findall(r"[a-zA-Z0-9]+", need.use)))
    actions = list(need.actions)
    if need.path is not None:
        bucket, _, prefix = need.path.removeprefix(SCHEME).partition("/")
        prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        arn = f"arn:aws:s3:::{bucket}"
        listed = _allowed(f"{sid}List", [_LIST], arn)
        if prefix:
            listed["Condition"] = {"StringLike": {"s3:prefix": f"{prefix}*"}}
        yield listed
        yield _allowed(f"{sid}Read", [_READ], f"{arn}/{prefix}*")
        actions = [one for one in actions if one not in (_LIST, _READ)]
    if actions:
        yield _allowed(sid, actions, "*")


def _allowed(sid: str, actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
