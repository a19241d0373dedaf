"""TOML files of configs and plans."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..runtime import UserError
from .files import read_bytes, write_text

PLANS = Path(__file__).parents[1] / "plans"
TABLES = PLANS / "tables"
"""Folders of the plans that come with the package: of jobs, and of tables."""


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    UserError
        If the file is missing, cannot be read or is not TOML; with the line where it is wrong.
    """
    try:
        return tomllib.loads(read_bytes(Path(path)).decode())
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; give the path of a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}") from error


def write_toml(path: str | Path, values: Mapping[str, Any]) -> None:
    """Write a TOML file, whole or not at all; ``values`` hold no None."""
    import tomli_w  # only where TOML is written

    write_text(Path(path), tomli_w.dumps(values))
