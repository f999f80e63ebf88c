"""The ``finops`` command. A subcommand's module is imported when it is called, not before.

Plugins bring commands, too: the entry-point group ``finops.commands``. Core's own names win.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from finops_cost_management.errors import FinopsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMANDS = {
    "run": "Run a pipeline from its YAML file.",
    "cost": "Ask the store what was spent.",
    "k8s": "Say what namespaces, pods and labels of a Kubernetes cluster cost.",
    "backtest": "Replay detectors or forecasters on your own past.",
    "export": "Write the store's rows as FOCUS files.",
    "store": "Look into the store, and tidy it.",
    "runs": "List the latest runs and how each step ended.",
    "optimize": "Say what would cost less.",
    "recommendations": "Decide on what was found to save, and see what it really saved.",
    "feedback": "Say what an anomaly was, so that its like is not told again.",
    "plugins": "List, show and check installed plugins.",
    "check": "Check policies on resources and the bill: a gate for CI.",
    "validate": "Check a configuration file without running it.",
    "schema": "Print the JSON Schema of the configuration.",
}
"""Name → short help, in the order of `finops --help`; module ``commands.<name>`` has the rest."""


class _ReaderGoneError(Exception):
    """Who read our output has read enough: ``finops cost | head``."""


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Say so by an error of our own: of a broken pipe, click makes an exit code of 1."""
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGoneError from error


class LazyGroup(click.Group):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """All names, in reading order."""
        return list(_all_commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 # click's signature
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return _brought(cmd_name)
        module = import_module(f"finops_cost_management.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the arguments; that may print help."""
        with _reader_may_leave():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with _reader_may_leave():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest name for an unknown one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from finops_cost_management.did_you_mean import did_you_mean

            near = did_you_mean(args[0], _all_commands()) or ""
            ctx.fail(f"No such command {args[0]!r}. {near[:1].upper()}{near[1:]}".rstrip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 # click's signature
        """List the commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_all_commands().items()))


def _all_commands() -> dict[str, str]:
    from finops_cost_management.plugins.command_names import installed_commands

    return {**COMMANDS, **{k: v for k, v in installed_commands().items() if k not in COMMANDS}}


def _brought(name: str) -> click.Command | None:
    """A command of an installed plugin."""
    from finops_cost_management.plugins.registry import COMMANDS as KIND
    from finops_cost_management.plugins.registry import Registry

    registry = Registry()
    found = next((info for info in registry.available(KIND) if info.name == name), None)
    return registry.load_command(found) if found else None


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 # click's signature
    if wanted:
        from importlib.metadata import version

        click.echo(f"finops {version('finops-cost-management')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: finops run examples/quickstart.yaml",
)
@click.option("--debug", is_flag=True, help="Log everything, and show tracebacks.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """See, explain and steer what you spend on AWS, Azure, Google Cloud and Kubernetes."""
    ctx.obj = {"debug": debug}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit code: 0 fine, 1 something failed, 2 the file or an option is wrong,
        3 findings with ``--fail-on``, 130 stopped by the user.
    """
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (_ReaderGoneError, BrokenPipeError):
        # What Python writes when it ends goes to where it disturbs nobody.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # it is no file
                os.dup2(nowhere, stream.fileno())
        return 0
    return code


def _run(arguments: Sequence[str] | None) -> int:
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    try:
        result: Any = cli.main(args=arguments, prog_name="finops", standalone_mode=False)
    except FinopsError as error:
        return _explain(error, debug=debug)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; the store is as the last finished ingest left it", err=True)
        return 130
    except _ReaderGoneError:
        raise
    except Exception as error:  # noqa: BLE001 # whatever it is, it is said in words
        from finops_cost_management.logs import masked

        _show_traceback(error, debug=debug)
        click.echo(
            masked(f"finops: unexpected {type(error).__name__}: {error}\n")
            + "This is a defect. Run again with --debug and report what it prints.",
            err=True,
        )
        return 1
    return result if isinstance(result, int) else 0


def _show_traceback(error: Exception, *, debug: bool) -> None:
    if debug:
        from traceback import format_exception

        from finops_cost_management.logs import masked

        click.echo(masked("".join(format_exception(error))), err=True)


def _explain(error: FinopsError, *, debug: bool) -> int:
    from finops_cost_management.errors import ConfigurationError
    from finops_cost_management.logs import masked

    _show_traceback(error, debug=debug)
    wrong_file = isinstance(error, ConfigurationError)
    # A list of problems has its places in front, where editors make them links.
    prefix = "" if hasattr(error, "problems") else "finops: "
    click.echo(masked(f"{prefix}{error}"), err=True)
    return 2 if wrong_file else 1


if __name__ == "__main__":
    sys.exit(main())
