"""How long people wait for a command that has nothing to compute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figure, WrongAnswerError, seconds, side_by_side
from settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from settings import Settings

NAME = "start-up"
BARE = (sys.executable, "-c", "pass")
EXAMPLE = ROOT / "examples" / "quickstart.yaml"
HEAVY = (
    *("numpy", "pandas", "pyarrow", "ibis", "duckdb", "deltalake", "sklearn", "scipy"),
    *("matplotlib", "sqlalchemy", "alembic", "boto3", "botocore", "azure", "google.cloud"),
    *("kubernetes", "httpx", "requests"),
)
"""Cloud SDKs, numeric libraries and engines: none is needed to check a file."""

_LOADED = """
import json, sys
from finops_cost_management.finops_cli import main
code = main(["validate", sys.argv[1]])
print(json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""


def measure(settings: Settings) -> Iterator[Figure]:
    """Wall time of whole processes against an interpreter that does nothing."""
    repeats = 4 * settings.repeats  # they are short, and noisy
    if "Usage: finops" not in _output([*_finops(), "--help"]):
        raise WrongAnswerError("finops --help does not show its usage")
    yield side_by_side(
        NAME,
        "finops --help / python -c pass",
        ours=lambda: seconds(lambda: _output([*_finops(), "--help"])),
        baseline=lambda: seconds(lambda: _output(BARE)),
        repeats=repeats,
        at_most=6,
        proof="usage shown",
    )
    answer = json.loads(_output([sys.executable, "-c", _LOADED, str(EXAMPLE)]).splitlines()[-1])
    loaded = [name for name in HEAVY if name in answer["modules"]]
    if answer["code"] or loaded:
        raise WrongAnswerError(f"finops validate ends with {answer['code']} and imports {loaded}")
    yield side_by_side(
        NAME,
        "finops validate / python -c pass",
        ours=lambda: seconds(lambda: _output([*_finops(), "validate", str(EXAMPLE)])),
        baseline=lambda: seconds(lambda: _output(BARE)),
        repeats=repeats,
        proof=f"none of {len(HEAVY)} heavy packages imported",
    )


def _finops() -> list[str]:
    """The installed command, else the module that it runs."""
    command = Path(sys.executable).with_name("finops")
    if command.exists():
        return [str(command)]
    return [sys.executable, "-m", "finops_cost_management.finops_cli"]


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
