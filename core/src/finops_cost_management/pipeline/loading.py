"""Finds, reads and checks a pipeline file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from finops_cost_management.errors import AccessError, ConfigurationError
from finops_cost_management.pipeline.config import DEFAULT_FILE
from finops_cost_management.pipeline.config_reader import ConfigReader
from finops_cost_management.pipeline.yaml_document import YamlDocument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finops_cost_management.pipeline.config import PipelineConfig
    from finops_cost_management.plugins.registry import Registry


def load_config(
    path: Path, registry: Registry, *, environment: Mapping[str, str] = os.environ
) -> PipelineConfig:
    """Read and check a pipeline file; only the plugins that it names are imported.

    Raises:
        ConfigurationProblems: Something in it is wrong; all of it is said at once.
        AccessError: The file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"there is no file {path}", hint="check the path, or run in another folder"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    except OSError as error:
        raise AccessError(f"cannot read {path}: {error.strerror}") from error
    return parse_config(text, registry, file=str(path), environment=environment)


def parse_config(
    text: str,
    registry: Registry,
    *,
    file: str = DEFAULT_FILE,
    environment: Mapping[str, str] = os.environ,
) -> PipelineConfig:
    """Check a pipeline that is given as text.

    Args:
        text: YAML.
        registry: Where plugins are looked for.
        file: How messages name the text.
        environment: Where ``${NAME}`` is looked for.

    Raises:
        ConfigurationProblems: Something in it is wrong; all of it is said at once.
    """
    return ConfigReader(YamlDocument(text, environment), registry, file).read()


def find_config(explicit: Path | None) -> Path | None:
    """The file to use: the one that was named, else ``FINOPS_CONFIG``, else ``finops.yaml`` here.

    Returns:
        Its path; None where there is none.

    Raises:
        ConfigurationError: A file was named that does not exist.
    """
    named, by = explicit, "the command"
    if named is None:
        # Only here: reading settings takes longer than checking a file.
        from finops_cost_management.settings import load_settings

        named, by = load_settings().config, "FINOPS_CONFIG"
    if named is None:
        default = Path(DEFAULT_FILE)
        return default if default.is_file() else None
    if not named.is_file():
        raise ConfigurationError(
            f"there is no file {named}, which {by} names", hint="check the path"
        )
    return named
