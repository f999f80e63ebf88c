"""Measure what is promised of speed and memory: ``make bench``, or ``benchmarks/run.py --help``."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import cost_and_usage
import ingest
import model_speed
import panels
import query
import startup
from accuracy import contests
from figures import Figure, WrongAnswerError
from focus_files import FileMaker
from machine import cores, describe
from rich.console import Console
from rich.table import Table
from settings import SEEDS, Settings
from standings import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BENCHMARKS: dict[str, Callable[[Settings], Iterator[Figure | Standing]]] = {
    module.NAME: module.measure
    for module in (
        startup,
        ingest,
        cost_and_usage,
        query,
        panels,
        model_speed,
        contests,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks.

    Returns:
        0 when every answer was right, 1 when one was wrong, 3 when all were right and, with
        ``--strict``, a promise was missed.
    """
    chosen = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    machine = describe()
    for name, value in machine.items():
        console.print(f"{name:24} {value}")
    kept = nullcontext(str(chosen.scratch)) if chosen.scratch else TemporaryDirectory()
    with kept as folder:
        settings = _settings(chosen, Path(folder))
        answers, wrong = _measured(chosen.only or list(BENCHMARKS), settings, console)
    figures = [answer for answer in answers if isinstance(answer, Figure)]
    standings = [answer for answer in answers if isinstance(answer, Standing)]
    if figures:
        console.print(_table(figures))
    for standing in standings:
        console.print(_standing_table(standing))
    for sentence in wrong:
        console.print(f"[bold red]wrong[/bold red] {sentence}")
    if chosen.json:
        report = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine,
            "figures": [{**asdict(figure), "kept": figure.kept} for figure in figures],
            "standings": [{**asdict(each), "kept": each.kept} for each in standings],
            "wrong": wrong,
        }
        chosen.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if wrong:
        return 1
    missed = any(figure.kept is False for figure in figures) or not all(
        kept for standing in standings for kept in standing.kept.values()
    )
    return 3 if chosen.strict and missed else 0


def _measured(
    names: Sequence[str], settings: Settings, console: Console
) -> tuple[list[Figure | Standing], list[str]]:
    """What the benchmarks report, and what was wrong."""
    answers: list[Figure | Standing] = []
    wrong: list[str] = []
    for name in names:
        try:
            for answer in BENCHMARKS[name](settings):
                if isinstance(answer, Figure):
                    console.print(f"{name}: {_sentence(answer)}", style="dim")
                answers.append(answer)
        except WrongAnswerError as error:
            wrong.append(f"{name}: {error}")
    return answers, wrong


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), help="these benchmarks")
    parser.add_argument(
        "--rows",
        nargs=2,
        type=int,
        default=[1_000_000, 4_000_000],
        metavar=("TIMED", "MANY"),
        help="rows of the file that is timed, and of the one that shows the memory [%(default)s]",
    )
    parser.add_argument(
        "--panel",
        nargs=2,
        type=int,
        default=[10_000, 400],
        metavar=("SERIES", "DAYS"),
        help="size of the panel [%(default)s]",
    )
    parser.add_argument(
        "--judged-series",
        type=int,
        default=300,
        metavar="SERIES",
        help="made-up series that detectors and forecasters are judged on [%(default)s]",
    )
    parser.add_argument(
        "--seeds",
        choices=list(SEEDS),
        default="reporting",
        help="which made-up series: those to choose constants on, or others [%(default)s]",
    )
    parser.add_argument("--repeats", type=int, default=5, help="pairs that are timed [%(default)s]")
    parser.add_argument("--threads", type=int, default=cores(), help="[%(default)s]")
    parser.add_argument("--memory-limit", default="2GB", help="of both engines [%(default)s]")
    parser.add_argument(
        "--scratch", type=Path, help="keep the files here, and use those that are there already"
    )
    parser.add_argument(
        "--from-toolkit",
        type=Path,
        metavar="PROGRAM",
        help="take the rows from focus-toolkit (pip install focus-data-toolkit), not from the demo",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    parser.add_argument("--strict", action="store_true", help="fail when a promise is missed")
    return parser


def _settings(chosen: argparse.Namespace, scratch: Path) -> Settings:
    scratch.mkdir(parents=True, exist_ok=True)
    rows, many_rows = chosen.rows
    series, days = chosen.panel
    return Settings(
        files=FileMaker(scratch=scratch, toolkit=chosen.from_toolkit),
        scratch=scratch,
        rows=rows,
        many_rows=many_rows,
        series=series,
        days=days,
        judged_series=chosen.judged_series,
        seeds=SEEDS[chosen.seeds],
        repeats=chosen.repeats,
        threads=chosen.threads,
        memory_limit=chosen.memory_limit,
    )


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(caption="medians; the ratio is that of pairs, with its least and most")
    table.add_column("benchmark")
    table.add_column("ours / baseline")
    for name in ("ours", "baseline", "ratio", "promise"):
        table.add_column(name, justify="right", no_wrap=True)
    for figure in figures:
        ratio = figure.ratio
        verdict = {None: "", True: "kept", False: "[bold red]missed[/bold red]"}[figure.kept]
        table.add_row(
            figure.benchmark,
            figure.measure,
            _amount(figure.ours, figure.unit),
            "" if figure.baseline is None else _amount(figure.baseline, figure.unit),
            "" if ratio is None else f"{ratio.median:.2f} ({ratio.least:.2f} … {ratio.most:.2f})",
            "" if figure.at_most is None else f"≤ {figure.at_most:g} {verdict}",
        )
    return table


def _standing_table(standing: Standing) -> Table:
    scores = list(dict.fromkeys(name for row in standing.rows.values() for name in row))
    table = Table(title=standing.title, title_justify="left", caption_justify="left")
    absent = [f"{name}: {reason}" for name, reason in standing.absent.items()]
    table.caption = "\n".join(["✗ a promise that is missed", *absent])
    table.add_column("model", no_wrap=True)
    for name in scores:
        bound = standing.promises.get(name)
        table.add_column(
            name.replace("_", " ") if bound is None else f"{name}\n{bound}".replace("_", " "),
            justify="right",
        )
    for model, row in standing.rows.items():
        kept = standing.kept if model == standing.ours else {}
        table.add_row(
            f"[bold]{model}[/bold]" if model == standing.ours else model,
            *(_score(row.get(name), kept=kept.get(name)) for name in scores),
        )
    return table


def _score(value: float | None, *, kept: bool | None) -> str:
    if value is None:
        return ""
    shown = f"{value:,.0f}" if float(value).is_integer() or value >= 100 else f"{value:.3f}"  # noqa: PLR2004 # three digits tell enough
    return f"[bold red]{shown} ✗[/bold red]" if kept is False else shown


def _sentence(figure: Figure) -> str:
    """One figure while the others are still to come."""
    ratio = "" if figure.ratio is None else f", ratio {figure.ratio.median:.2f}"
    proof = f" ({figure.proof})" if figure.proof else ""
    return f"{figure.measure}: {_amount(figure.ours, figure.unit)}{ratio}{proof}"


def _amount(value: float, unit: str) -> str:
    return f"{value:.3f} {unit}" if unit == "s" else f"{value:,.0f} {unit}"


if __name__ == "__main__":
    sys.exit(main())
