"""Takes the options of the verb under way, gives the name of its files; knows no run and writes nothing.

A name is for a person, and its last six digits are for the rest: calls that could differ in what they write never share
a name, so none writes over what another has found.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from ..runtime import UserError
from ..storage import fingerprint_settings, read_bytes, shortened

ELSEWHERE = {"--run", "--runs", "--device", "--data-dir", "--download", "--name", "--json", "--quiet"}
"""Options that say where to read, compute and tell, and change no number."""
LONGEST, DIGITS = 100, 6


def output_name(readable: Sequence[str | int], seed: int) -> str:
    """Give ``READABLE-sSEED-DIGITS``: what tells a person which look it was, and a hash of all settings."""
    return f"{shortened(safe_name('-'.join(map(str, readable))), LONGEST)}-s{seed}-{settings_digits()}"


def settings_digits() -> str:
    """Give six hexadecimal digits of a hash of the options of the verb under way, and of the files that they name.

    Raises
    ------
    UserError
        If there is no such file, or it cannot be read.
    """
    context = click.get_current_context()
    settings = {
        param.opts[0]: _content(param, context.params[param.name])
        for param in context.command.params
        if param.name in context.params and not ELSEWHERE & set(param.opts)
    }
    return fingerprint_settings(settings)[:DIGITS]


def _content(param: click.Parameter, value: object) -> object:
    """Give a setting, and for a file what is in it: a person edits the file and keeps its name."""
    if not isinstance(value, Path):
        return value
    try:
        return read_bytes(value).hex()
    except FileNotFoundError as error:
        raise UserError(f"there is no {value}", option=param.opts[0].removeprefix("--")) from error


def safe_name(text: str) -> str:
    """Give a text as part of a file's name: what is no letter, digit, dot, plus or dash becomes a dash."""
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.")
