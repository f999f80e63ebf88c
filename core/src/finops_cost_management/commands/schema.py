"""``finops schema``: the JSON Schema that makes an editor know the pipeline file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("schema")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."
)
def command(output: Path | None) -> None:
    """Print the JSON Schema of a pipeline file, with the options of every installed plugin.

    Start the file with `# yaml-language-server: $schema=finops.schema.json` to use it.
    """
    import json

    from finops_cost_management.errors import AccessError
    from finops_cost_management.pipeline.schema import json_schema
    from finops_cost_management.plugins.registry import Registry

    text = json.dumps(json_schema(Registry()), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AccessError(
            f"cannot write {output}: {error.strerror}", hint="check the folder and its permission"
        ) from error
