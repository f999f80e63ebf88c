# ruff: noqa: S101 # assert is how pytest speaks
"""What an optimizer promises."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.testing.bills import bill_snapshot
from finops_cost_management.testing.contract import PluginContract
from finops_cost_management.testing.stores import demo_snapshot, empty_snapshot
from finops_cost_management.window import DateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from finops_cost_management.answers.recommendations import SavingsAnswer
    from finops_cost_management.plugins.component import Component, Optimizer
    from finops_cost_management.plugins.savings_case import SavingsCase
    from finops_cost_management.query.snapshot import CostSnapshot


class OptimizerContract(PluginContract):
    """Three lines make the tests of an optimizer: the class, ``plugin`` and ``options``.

    Override the fixture ``costs`` where the check needs rows that the demo does not have.

    Attributes:
        window: The days that the optimizer is asked about.
    """

    kind = "optimizers"
    window: ClassVar[DateWindow] = DateWindow(date(2026, 9, 1), date(2026, 10, 1))

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
        """An engine of the class's own."""
        with Engine(threads=1, scratch=tmp_path_factory.mktemp("scratch")) as engine:
            yield engine

    @pytest.fixture(scope="class")
    @classmethod
    def costs(cls, tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> CostSnapshot:
        """Rows to find savings in: those of the demo company; no test changes them."""
        return demo_snapshot(tmp_path_factory.mktemp("demo") / "store", engine, cls.window)

    def find(self, component: Component[Any], costs: CostSnapshot) -> SavingsAnswer:
        """The answer of the optimizer."""
        answer: SavingsAnswer = self.ask(component, costs=costs, window=self.window)
        return answer

    def test_empty_store_is_quiet(
        self, component: Component[Any], engine: Engine, tmp_path: Path
    ) -> None:
        """Without rows there is nothing to save, and nothing to fail on."""
        answer = self.find(component, empty_snapshot(tmp_path / "empty", engine))
        assert not answer.findings, f"a saving without costs: {answer.findings[0]}"

    def test_savings_are_credible(self, component: Component[Any], costs: CostSnapshot) -> None:
        """A saving is never negative and never above what the thing costs now."""
        for found in self.find(component, costs).findings:
            amounts = (found.estimated_monthly_savings, found.current_cost, *found.shares.values())
            for amount in amounts:
                assert isinstance(amount, Decimal), f"{found.id}: amounts must be Decimal"
            assert found.estimated_monthly_savings <= found.current_cost, (
                f"{found.id} saves {found.estimated_monthly_savings} of {found.current_cost}"
            )
            assert found.currency, f"{found.id}: an amount without a currency is no amount"

    def test_advice_can_be_followed(self, component: Component[Any], costs: CostSnapshot) -> None:
        """Who reads it knows what to do, how, and what it is based on."""
        for found in self.find(component, costs).findings:
            assert found.recommendation, f"{found.id} says not what to do"
            assert found.steps, f"{found.id} says not how to do it: fill in `steps`"
            assert found.evidence, f"{found.id} says not why: fill in `evidence`"

    def test_advice_keeps_its_id(self, component: Component[Any], costs: CostSnapshot) -> None:
        """People decide on advice by its id: the same advice has the same one in every run."""
        first, second = (
            [found.id for found in self.find(component, costs).findings] for _ in range(2)
        )
        assert first == second, "make the id of the check and the resource"
        assert len(set(first)) == len(first), "two findings have the same id"

    def test_every_verdict_has_a_case(self, component_class: type[Optimizer[Any]]) -> None:
        """A check must find, pass and be unable to tell something, or nobody knows that it can."""
        missing = {"finding", "clean", "unknown"} - {
            case.verdict for case in component_class.cases()
        }
        assert not missing, (
            f"{component_class.__qualname__}.cases() has no case of: {', '.join(sorted(missing))}"
        )

    def test_cases_come_out_right(
        self, component_class: type[Optimizer[Any]], engine: Engine
    ) -> None:
        """The check says of each of its cases what the case says that it must."""
        wrong = {
            case.name: said
            for case in component_class.cases()
            if (said := self._said_wrongly(case, component_class, engine))
        }
        assert not wrong, "; ".join(f"{name}: {said}" for name, said in wrong.items())

    def _said_wrongly(
        self, case: SavingsCase, component_class: type[Optimizer[Any]], engine: Engine
    ) -> str:
        """What the check says of a case; empty where it is right."""
        options = component_class.Options.model_validate({**self.options, **case.options})
        component = component_class(options, name="tested")
        costs = bill_snapshot(engine, case.charges)
        with case.prepared():
            answer: SavingsAnswer = self.ask(component, costs=costs, window=case.window)
        said = {
            "finding": len(answer.findings),
            "clean": answer.clean,
            "unknown": len(answer.unknown),
        }
        others = {"finding", "unknown"} - {case.verdict}
        if said[case.verdict] and not any(said[other] for other in others):
            return ""
        return f"must be {case.verdict}, and is: {answer.coverage}"

    def test_unknown_has_a_reason(self, component: Component[Any], costs: CostSnapshot) -> None:
        """What cannot be told is told as such, and why; it is never counted as clean."""
        for unknown in self.find(component, costs).unknown:
            assert unknown.subject, f"{unknown} says not what it is about"
            assert unknown.reason, f"{unknown.subject} is unknown without a reason"
