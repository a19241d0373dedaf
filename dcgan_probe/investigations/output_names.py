"""Names of an investigation's files.

The beginning of a name shows the main settings to a reader, and its last six digits are a hash of all settings. Configs
that could differ in their results never share a name, so their files do not overwrite each other.
"""

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

from ..runtime import UserError, flag_of
from ..storage import fingerprint_settings, read_bytes, shortened
from .investigation_config import InvestigationConfig

LONGEST, DIGITS = 100, 6


def output_name(config: InvestigationConfig, readable: Iterable[str], digits: str) -> str:
    """Return ``READABLE-sSEED-DIGITS``, the name of an investigation's files without a suffix."""
    return f"{shortened(safe_name('-'.join(readable)), LONGEST)}-s{config.seed}-{digits}"


def settings_digits(config: InvestigationConfig) -> str:
    """Return six hexadecimal digits of a hash of all settings and of the content of the files that they name.

    Raises
    ------
    UserError
        If a file is missing, or cannot be read.
    """
    settings = {
        flag_of(field): _content(field.name, getattr(config, field.name)) for field in dataclasses.fields(config)
    }
    return fingerprint_settings(settings)[:DIGITS]


def _content(name: str, value: object) -> object:
    """Return a setting; for a path, the content of its file, which may be edited under the same name."""
    if not isinstance(value, Path):
        return value
    try:
        return read_bytes(value).hex()
    except FileNotFoundError as error:
        raise UserError(f"there is no {value}", parameter=name) from error


def safe_name(text: str) -> str:
    """Return a text as part of a file name, with dashes for all but letters, digits, dots, plus signs and dashes."""
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.")
