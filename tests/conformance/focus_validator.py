"""Run the official FOCUS validator on a FOCUS 1.2 Parquet file that this project wrote.

    python tests/conformance/focus_validator.py [FILE]

Without a file, a few hand-made charges are written and judged. The validator needs Python 3.12 or
newer and old libraries, so it lives in a virtual environment of its own, made at the first run.
Every applicability criterion is on; a rule that fails and is not known to be wrong fails the run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from runpy import run_path
from typing import Final
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-focus-validator"
# pyarrow 22 and later need NumPy 2, which the validator rules out.
REQUIREMENTS = ("focus-validator==2.2.1", "pyarrow<22")
VERSION: Final = "1.2"
SKIPPED = 0

KNOWN_WRONG = {
    "CapacityReservationStatus-C-003-C": (
        "its condition is written in a form that the validator ignores, so it wants no status "
        "even on charges with a capacity reservation"
    ),
    "CapacityReservationStatus-C-004-C": (
        "its condition is written in a form that the validator ignores, so it wants a status on "
        "charges without a capacity reservation"
    ),
    "CommitmentDiscountStatus-C-004-C": (
        "its condition asks for a null CommitmentDiscountId where its text says not null"
    ),
    "InvoiceId-C-004-C": "one branch of an either-or, run without its condition",
    "InvoiceId-C-005-C": "the other branch of that either-or, run without its condition",
}
"""Rules of model 1.2.0.1 that correct data breaks, and why."""


def main(arguments: list[str]) -> int:
    """Judge a file; 0 if every failing rule is known to be wrong."""
    python = environment()
    if python is None:
        print(  # noqa: T201 # a script reports on its output
            "skipped: the FOCUS validator needs Python 3.12 or newer, and none was found on the "
            "PATH or below ~/.pyenv/versions"
        )
        return SKIPPED
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(arguments[0]).resolve() if arguments else write_sample(Path(scratch))
        outcomes = validate(file, python, Path(scratch))
    return report(file, outcomes)


def environment() -> Path | None:
    """The Python of the validator's environment, made if need be; None without a fit Python."""
    python = ENVIRONMENT / "bin" / "python"
    if (ENVIRONMENT / "bin" / "focus-validator").exists():
        return python
    base = next((found for found in candidates() if is_new_enough(found)), None)
    if base is None:
        return None
    run([base, "-m", "venv", "--clear", str(ENVIRONMENT)])
    run([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS])
    return python


def candidates() -> list[str]:
    """Pythons that may be new enough, those on the PATH first."""
    named = [shutil.which(name) for name in ("python3.12", "python3.13", "python3")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    installed = sorted(pyenv.glob("3.1[23]*/bin/python3"))
    return [*(found for found in named if found), *map(str, installed)]


def is_new_enough(python: str) -> bool:
    """Whether it starts, and is one of the versions that the validator's libraries support."""
    check = "import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 13))"
    return (
        subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0
    )  # found above


def write_sample(folder: Path) -> Path:
    """Write the hand-made charges, by the code that writes every export."""
    import pyarrow as pa

    from finops_cost_management.engine import Engine
    from finops_cost_management.focus.reading import to_focus
    from finops_cost_management.focus.writing import write_focus

    file = folder / "correct.parquet"
    rows = run_path(str(Path(__file__).with_name("correct_rows.py")))["correct_rows"]()
    names = dict.fromkeys(name for row in rows for name in row)
    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    with Engine() as engine:
        write_focus(to_focus(engine.table_of(table)), VERSION, file, engine)
    return file


def validate(file: Path, python: Path, scratch: Path) -> dict[str, tuple[str, str]]:
    """Rule → (its function, its outcome: passed, failed or skipped)."""
    # The validator looks for its currency list relative to the working folder.
    where = "import focus_validator, sys; sys.stdout.write(focus_validator.__path__[0])"
    package = run([str(python), "-c", where])
    (scratch / "focus_validator").symlink_to(package)
    result = scratch / "result.xml"
    run(
        [
            str(python.with_name("focus-validator")),
            *("--data-file", str(file)),
            *("--validate-version", VERSION),
            *("--focus-dataset", "CostAndUsage"),
            *("--applicability-criteria", "ALL"),
            *("--output-type", "unittest"),
            *("--output-destination", str(result)),
            "--block-download",
        ],
        cwd=scratch,
    )
    outcomes = {}
    for case in ET.parse(result).iter("testcase"):  # noqa: S314 # the validator wrote it just now
        rule, _, function = str(case.get("name")).partition(" :: ")
        failed, skipped = case.find("failure") is not None, case.find("skipped") is not None
        outcomes[rule] = (function, "failed" if failed else "skipped" if skipped else "passed")
    return outcomes


def report(file: Path, outcomes: dict[str, tuple[str, str]]) -> int:
    """Say what failed; composite rules only repeat the failures of their parts."""
    count = dict.fromkeys(("passed", "failed", "skipped"), 0)
    for _, outcome in outcomes.values():
        count[outcome] += 1
    failed = {
        rule
        for rule, (function, outcome) in outcomes.items()
        if outcome == "failed" and function != "Composite"
    }
    lines = [f"{file.name}: {', '.join(f'{number} {word}' for word, number in count.items())}"]
    lines += [
        f"  known wrong  {rule}: {KNOWN_WRONG[rule]}"
        for rule in sorted(failed)
        if rule in KNOWN_WRONG
    ]
    broken = sorted(failed - KNOWN_WRONG.keys())
    lines += [f"  BROKEN       {rule} ({outcomes[rule][0]})" for rule in broken]
    if not count["passed"]:
        lines.append("  the validator ran no rule")
    print("\n".join(lines))  # noqa: T201 # a script reports on its output
    return int(bool(broken) or not count["passed"])


def run(command: list[str], *, cwd: Path | None = None) -> str:
    """Run a command; its output, or the end of the run with what it said."""
    done = subprocess.run(
        command, cwd=cwd, check=False, capture_output=True, text=True
    )  # our own words
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
