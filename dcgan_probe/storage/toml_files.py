"""Reading and writing of TOML files."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..runtime import UserError
from .files import read_bytes, write_text

PLANS = Path(__file__).parents[1] / "reproduce"
TABLES = PLANS / "tables"
"""Folders of the job plans and table plans of the package."""


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    UserError
        If the file is missing, cannot be read or is not TOML; the message gives the line of the error.
    """
    try:
        return tomllib.loads(read_bytes(Path(path)).decode())
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist, expected a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}") from error


def write_toml(path: str | Path, values: Mapping[str, Any]) -> None:
    """Write a TOML file atomically; ``values`` must not contain None."""
    import tomli_w  # late, since only writing needs it

    write_text(Path(path), tomli_w.dumps(values))
