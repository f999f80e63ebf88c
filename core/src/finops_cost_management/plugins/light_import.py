"""Importing a plugin must cost nothing: which packages does it pull in?"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from importlib import metadata

from finops_cost_management.errors import PluginError

_PROBE = """
import importlib, json, sys
sys.path[:] = json.loads(sys.argv[2])
import finops_cost_management.plugins.component, finops_cost_management.plugins.hookspecs
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""

_FREE = frozenset({"finops-cost-management", "pydantic", "pydantic-core", "pluggy"})
"""What core has imported anyway before it looks at a plugin."""


@cache
def heavy_imports(module: str) -> list[str]:
    """Distributions that importing a module brings along, beside its own and what core needs.

    The module is imported in an interpreter of its own, so that nothing is imported already.

    Raises:
        PluginError: The module cannot be imported.
    """
    probe = subprocess.run(  # noqa: S603 # our own interpreter, our own program, no shell
        [sys.executable, "-c", _PROBE, module, json.dumps(sys.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if probe.returncode:
        reason = (probe.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PluginError(f"{module} failed to import: {reason}")
    owners = metadata.packages_distributions()
    own = set(owners.get(module.partition(".")[0], ()))
    imported = {
        distribution
        for package in json.loads(probe.stdout.splitlines()[-1])
        for distribution in owners.get(package, ())
    }
    return sorted(imported - own - _FREE)
