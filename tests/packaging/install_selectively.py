"""Build every wheel and install each selectively into environments of its own.

Core alone, and core with each plugin, must list their plugins and run a pipeline that needs
nothing else; and no wheel may lean on a package that it does not declare.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core"
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))

CORE_PIPELINE = """
name: core-alone
window: {days: 40}
sources: {company: {use: demo}}
budgets: {company: {amount: 60000}}
exports:
  costs: {use: focus, path: out/costs.parquet}
  report: {use: html, path: out/report.html}
notifiers: {screen: {use: console}}
optimizers:
  commitments: {use: unused_commitments}
"""
PLUGIN_STEPS = {
    "finops-aws": """
  types: {use: aws.previous_generations, regions: [us-east-1], on_error: skip}
""",
    "finops-kubecost": """
  requests: {use: kubecost.request_sizing, on_error: skip}
""",
    "finops-models": """
detectors: {odd: {use: seasonal}}
forecasters: {next: {use: auto, over: [provider]}}
""",
}
"""What a pipeline says to use all that a plugin brings; a new plugin must be named here."""


def main() -> int:
    """Build, install, run; the first failure ends it."""
    with tempfile.TemporaryDirectory(prefix="wheels-") as scratch:
        wheels = Path(scratch) / "wheels"
        for member in (CORE, *PLUGINS):
            _run(sys.executable, "-m", "build", "--wheel", "--outdir", wheels, member)
        _try(Path(scratch) / "core", wheels, CORE, CORE_PIPELINE)
        for plugin in PLUGINS:
            name = _manifest(plugin)["project"]["name"]
            steps = CORE_PIPELINE + PLUGIN_STEPS[name]
            _try(Path(scratch) / plugin.name, wheels, plugin, steps)
    print("every wheel works on its own")  # noqa: T201 # a script speaks by printing
    return 0


def _try(folder: Path, wheels: Path, member: Path, pipeline: str) -> None:
    """One fresh environment: install, list, run."""
    project = _manifest(member)["project"]
    venv.create(folder / "env", with_pip=True)
    binaries = folder / "env" / "bin"
    _run(
        binaries / "python", "-m", "pip", "install", "--quiet", "--find-links", wheels,
        "--constraint", ROOT / "constraints.txt", f"{project['name']}=={project['version']}",
    )  # fmt: skip # one line of arguments
    listed = _run(binaries / "finops", "plugins", "list", cwd=folder)
    offered = [
        name
        for owner in {CORE, member}
        for group in _manifest(owner)["project"]["entry-points"].values()
        for name in group
    ]
    if missing := [name for name in offered if name not in listed]:
        raise SystemExit(f"{project['name']}: `finops plugins list` does not show {missing}")
    (folder / "finops.yaml").write_text(pipeline)
    _run(binaries / "finops", "plugins", "check", cwd=folder)
    _run(binaries / "finops", "run", cwd=folder)
    for written in ("out/costs.parquet", "out/report.html"):
        if not (folder / written).is_file():
            raise SystemExit(f"{project['name']}: the run wrote no {written}")
    print(f"{project['name']}: installed alone, {len(offered)} plugins, pipeline fine")  # noqa: T201 # a script speaks by printing


def _manifest(member: Path) -> dict:  # type: ignore[type-arg] # TOML is what it is
    return tomllib.loads((member / "pyproject.toml").read_text())


def _run(*command: object, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
