"""What `import finops_cost_management` offers, and what it costs."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import finops_cost_management
from finops_cost_management import errors

pytestmark = pytest.mark.real_component

PUBLIC = finops_cost_management.__all__
NAMES_OF: dict[str, str] = vars(finops_cost_management)["_NAMES_OF"]


def test_the_list_is_sorted_and_says_each_name_once() -> None:
    assert sorted(set(PUBLIC)) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_can_be_imported(name: str) -> None:
    assert getattr(finops_cost_management, name) is not None


def test_the_table_brings_what_the_list_promises() -> None:
    brought = [name for names in NAMES_OF.values() for name in names.split()]
    assert sorted([*brought, "__version__"]) == PUBLIC
    for module, names in NAMES_OF.items():
        home = import_module(f"finops_cost_management.{module}")
        for name in names.split():
            assert getattr(finops_cost_management, name) is vars(home)[name]


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(inspect.getfile(finops_cost_management)).read_text(encoding="utf-8"))
    (for_types,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    seen = {
        str(node.module).removeprefix("finops_cost_management."): " ".join(
            alias.name for alias in node.names
        )
        for node in for_types.body
        if isinstance(node, ast.ImportFrom)
    }
    assert seen == NAMES_OF


def test_every_error_is_public() -> None:
    tree = {name for name, one in vars(errors).items() if inspect.isclass(one)}
    assert tree <= set(PUBLIC)


def test_the_version_is_that_of_the_distribution() -> None:
    assert finops_cost_management.__version__ == version("finops-cost-management")


def test_dir_lists_names_before_they_are_used() -> None:
    assert set(PUBLIC) <= set(dir(finops_cost_management))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'CostStores'"):
        vars(finops_cost_management)["__getattr__"]("CostStores")


def test_importing_the_package_imports_nothing_else() -> None:
    probe = (
        "import json, sys; before = set(sys.modules); import typing, finops_cost_management; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(  # our own interpreter, our own program
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    imported = json.loads(done.stdout)
    assert [name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names] == [
        "finops_cost_management"
    ]
