"""From a YAML document to a checked pipeline, or to everything that is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from finops_cost_management.did_you_mean import did_you_mean
from finops_cost_management.errors import PluginError
from finops_cost_management.pipeline.config import Entry, PipelineConfig
from finops_cost_management.pipeline.model_problems import problems_of
from finops_cost_management.pipeline.policy_rules import RULES, BudgetHeadroom, PolicyRule
from finops_cost_management.pipeline.problems import (
    ConfigurationProblems,
    Problem,
    ValuePath,
    dotted,
)
from finops_cost_management.pipeline.steps import (
    NAME_PATTERN,
    SECTIONS,
    STEP_KEYS,
    BudgetKeys,
    SavingsKeys,
    StepKeys,
    StoreKeys,
    WindowKeys,
    kind_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from finops_cost_management.pipeline.yaml_document import YamlDocument
    from finops_cost_management.plugins.component import Component, Options
    from finops_cost_management.plugins.registry import Registry

ModelT = TypeVar("ModelT", bound=BaseModel)


class ConfigReader:
    """Reads one document, going on after each problem."""

    def __init__(self, document: YamlDocument, registry: Registry, file: str) -> None:
        self._document = document
        self._registry = registry
        self._file = file
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._secrets: set[str] = set(document.secrets)

    def read(self) -> PipelineConfig:
        """The checked pipeline.

        Raises:
            ConfigurationProblems: Something is wrong.
        """
        data = self._document.data
        if data is None and not self._document.problems:
            self._problem((), "the file is empty; start with `sources:`")
        elif data is not None and not isinstance(data, dict):
            self._problem((), "the file must be a mapping that starts with `sources:`")
        if not isinstance(data, dict):
            self._fail()

        for key in data.keys() - set(SECTIONS):
            hint = did_you_mean(key, SECTIONS) or f"the sections are {', '.join(SECTIONS)}"
            self._problem((key,), f"{key} is not a known section; {hint}")
        steps: dict[str, dict[str, Any]] = {
            section: dict(self._steps(section)) for section in STEP_KEYS
        }
        budgets = dict(self._budgets(data.get("forecasters")))
        policies = dict(self._policies(data))
        name = self._name(data.get("name"))
        window = self._model(WindowKeys, data.get("window"), ("window",), "window")
        store = self._model(StoreKeys, data.get("store"), ("store",), "store")
        savings = self._model(SavingsKeys, data.get("savings"), ("savings",), "savings")
        wrong = bool(self._problems or self._document.problems)
        if wrong or window is None or store is None or savings is None:
            self._fail()
        self._watch_secrets(store, ("store",))
        return PipelineConfig(
            name=name,
            file=self._file,
            window=window,
            store=store,
            savings=savings,
            budgets=budgets,
            policies=policies,
            policy_places={name: self._document.key_place(("policies", name)) for name in policies},
            warnings=tuple(sorted(self._warnings, key=lambda warning: warning.place)),
            secrets=frozenset(self._secrets),
            **steps,
        )

    def _name(self, name: Any) -> str:
        if name is None:
            return "finops"
        if not isinstance(name, str) or not re.match(NAME_PATTERN, name):
            self._problem(("name",), f"name: {_NAME_RULE}", at_value=True)
        return str(name)

    def _entries(self, section: str) -> Iterator[tuple[str, dict[str, Any], ValuePath]]:
        """The entries of a section that are mappings and well named."""
        entries = self._document.data.get(section)
        if entries is None:
            return
        if not isinstance(entries, dict):
            self._problem((section,), f"{section} must be a mapping of names; {_EXAMPLE}")
            return
        for name, entry in entries.items():
            path = (section, name)
            if not re.match(NAME_PATTERN, name):
                self._problem(path, f"{dotted(path)}: {_NAME_RULE}")
            if isinstance(entry, dict):
                yield name, entry, path
            else:
                self._problem(path, f"{dotted(path)} must be a mapping; {_EXAMPLE}")

    def _steps(self, section: str) -> Iterator[tuple[str, Entry[StepKeys]]]:
        keys = STEP_KEYS[section]
        for name, entry, path in self._entries(section):
            component = self._component(section, entry.get("use"), path)
            mine = {key: value for key, value in entry.items() if key in keys.model_fields}
            if "use" in mine and not isinstance(mine["use"], str):
                del mine["use"]
            # A missing `use` has been said; the other keys are checked all the same.
            step = self._model(keys, {"use": "", **self._texts(mine, path)}, path, section)
            if component is None:
                continue
            theirs = {key: value for key, value in entry.items() if key not in mine}
            options = self._options(component, theirs, path, keys)
            if step is not None and options is not None:
                yield (
                    name,
                    Entry(
                        section=section, name=name, step=step, component=component, options=options
                    ),
                )

    def _component(self, section: str, use: Any, path: ValuePath) -> type[Component[Any]] | None:
        where = (*path, "use")
        if not isinstance(use, str) or not use:
            self._problem(
                where if self._document.has(where) else path,
                f"{dotted(path)} needs `use: <plugin>`; `finops plugins list` shows them",
            )
            return None
        try:
            return self._registry.find(kind_of(section), use)
        except PluginError as error:
            self._problem(where, f"{dotted(where)}: {error}")
            return None

    def _options(
        self,
        component: type[Component[Any]],
        data: dict[str, Any],
        path: ValuePath,
        keys: type[StepKeys],
    ) -> Options | None:
        use = self._document.data[path[0]][path[1]]["use"]
        options = self._model(component.Options, data, path, use, also=keys.model_fields)
        if options is not None:
            self._watch_secrets(options, path)
        return options

    def _budgets(self, forecasters: Any) -> Iterator[tuple[str, BudgetKeys]]:
        known = list(forecasters) if isinstance(forecasters, dict) else []
        for name, entry, path in self._entries("budgets"):
            budget = self._model(BudgetKeys, self._texts(entry, path), path, "a budget")
            if budget is None:
                continue
            if budget.forecast is not None and budget.forecast not in known:
                hint = did_you_mean(budget.forecast, known) or "name an entry of `forecasters:`"
                self._problem(
                    (*path, "forecast"),
                    f"{dotted((*path, 'forecast'))}: there is no forecaster "
                    f"{budget.forecast!r}; {hint}",
                    at_value=True,
                )
            yield name, budget

    def _policies(self, data: dict[str, Any]) -> Iterator[tuple[str, PolicyRule]]:
        for name, entry, path in self._entries("policies"):
            if (rule := self._rule(entry.get("rule"), path)) is None:
                continue
            policy = self._model(RULES[rule], self._texts(entry, path), path, rule)
            if policy is None:
                continue
            for section in policy.needs:
                if not data.get(section):
                    self._problem(path, f"{dotted(path)}: {rule} needs an entry of `{section}:`")
            if isinstance(policy, BudgetHeadroom) and policy.budget is not None:
                self._check_budget(policy.budget, data.get("budgets"), (*path, "budget"))
            yield name, policy

    def _rule(self, rule: Any, path: ValuePath) -> str | None:
        where = (*path, "rule")
        known = f"the rules are {', '.join(RULES)}"
        if not isinstance(rule, str) or not rule:
            place = where if self._document.has(where) else path
            self._problem(place, f"{dotted(path)} needs `rule: <rule>`; {known}")
        elif rule not in RULES:
            hint = did_you_mean(rule, RULES) or known
            message = f"{dotted(where)}: {rule!r} is not a rule; {hint}"
            self._problem(where, message, at_value=True)
        else:
            return rule
        return None

    def _check_budget(self, budget: str, budgets: Any, path: ValuePath) -> None:
        known = list(budgets) if isinstance(budgets, dict) else []
        if known and budget not in known:
            hint = did_you_mean(budget, known) or "name an entry of `budgets:`"
            message = f"{dotted(path)}: there is no budget {budget!r}; {hint}"
            self._problem(path, message, at_value=True)

    def _texts(self, entry: dict[str, Any], path: ValuePath) -> dict[str, Any]:
        """Keys whose value counts as it is written: an account's zeros, an amount's decimals."""
        return {
            key: self._document.as_text(value, (*path, key)) if key in _AS_WRITTEN else value
            for key, value in entry.items()
        }

    def _model(
        self,
        model: type[ModelT],
        data: Any,
        path: ValuePath,
        subject: str,
        *,
        also: Iterable[str] = (),
    ) -> ModelT | None:
        if data is None:
            data = {}
        try:
            return model.model_validate(data)
        except ValidationError as error:
            self._problems += problems_of(error, model, self._document, path, subject, also=also)
            return None

    def _watch_secrets(self, model: BaseModel, path: ValuePath) -> None:
        for where, secret in _secrets(model, path):
            self._secrets.add(secret)
            if self._document.is_literal(where):
                self._warnings.append(
                    Problem(
                        self._document.place(where),
                        f"{dotted(where)} is a secret that anyone who reads the file can see; "
                        "write ${NAME} or ${file:/run/secrets/name} instead",
                        where,
                    )
                )

    def _problem(self, path: ValuePath, message: str, *, at_value: bool = False) -> None:
        place = self._document.place(path) if at_value else self._document.key_place(path)
        self._problems.append(Problem(place, message, path))

    def _fail(self) -> NoReturn:
        # What could not be parsed or replaced has been said; its value means nothing further.
        said = {problem.path for problem in self._document.problems}
        problems = self._document.problems + [
            problem for problem in self._problems if problem.path not in said
        ]
        raise ConfigurationProblems(
            self._file,
            [Problem(one.place, self._without_secrets(one.message), one.path) for one in problems],
        )

    def _without_secrets(self, message: str) -> str:
        for secret in self._document.secrets:
            message = message.replace(secret, "***")
        return message


_AS_WRITTEN = frozenset({"where", "amount", "minimum_cost", "planned"})
_NAME_RULE = "a name is lower-case letters, digits, - and _, and starts with a letter or digit"
_EXAMPLE = "write `name: {use: plugin, option: value}`"


def _secrets(value: Any, path: ValuePath) -> Iterator[tuple[ValuePath, str]]:
    """Every secret of a model that says something, with its place in the document."""
    if isinstance(value, SecretStr):
        if text := value.get_secret_value():
            yield path, text
    elif isinstance(value, SecretBytes):
        yield path, value.get_secret_value().decode(errors="replace")
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _secrets(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _secrets(item, (*path, index))
