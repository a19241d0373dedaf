"""Options of the command line, made from the fields of configs."""

import dataclasses
import types
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import click

from ..runtime import flag_of, is_required
from .options import Bytes, Count, DepthType, Labels, LayerNames, Numbers, Seconds

Verb = TypeVar("Verb", bound=Callable[..., Any])
KINDS: dict[str, Callable[[], click.ParamType]] = {
    "bytes": Bytes,
    "count": Count,
    "depth": DepthType,
    "file": partial(click.Path, exists=True, dir_okay=False, path_type=Path),
    "labels": Labels,
    "names": LayerNames,
    "numbers": Numbers,
    "seconds": Seconds,
}
"""How the text of an option is read, by the ``kind`` of its field."""


def config_options(config: type, *, without: Iterable[str] = (), only: Iterable[str] | None = None) -> Any:
    """Return a decorator that adds an option for each field of a config, in their order.

    Parameters
    ----------
    without
        Names of fields that get none.
    only
        Names of the fields that alone get one, in the order of these names.
    """
    fields = {each.name: each for each in dataclasses.fields(config)}
    names = fields if only is None else [name for name in only if name in fields]
    chosen = [fields[name] for name in names if name not in {"options", *without}]
    hints = get_type_hints(config)

    def decorate(verb: Verb) -> Verb:
        for each in reversed(chosen):
            verb = field_option(each, hints[each.name])(verb)
        return verb

    return decorate


def field_option(each: Field[Any], annotation: Any, **changes: Any) -> Any:
    """Return the click option of a field."""
    flag, told = flag_of(each), dict(each.metadata)
    if told.get("argument"):
        return click.argument(each.name, type=option_type(annotation, told), metavar=told.get("metavar"))
    required = is_required(each)
    default = None if required or each.default is MISSING else each.default
    if default and told.get("kind") in ("names", "numbers"):
        default = ",".join(map(str, default))
    usual = told.get("usual")
    settings: dict[str, Any] = {
        "help": told.get("help", "") + (f"  [default: {usual}]" if usual else ""),
        # A default of None would count as given.
        **({"required": True} if required else {"default": default}),
        "show_default": not usual and default is not None and default is not False,
        "metavar": told.get("metavar"),
    }
    if told.get("env"):
        settings |= {"envvar": told["env"], "help": f"{settings['help']}  [env: {told['env']}]"}
    if annotation is bool:
        names = f"{flag}/--no-{flag.removeprefix('--')}" if default else flag
        return click.option(names, each.name, **{**settings, "is_flag": True, **changes})
    if bool in _alternatives(annotation):
        return click.option(f"{flag}/--no-{flag.removeprefix('--')}", each.name, **{**settings, **changes})
    settings |= {"type": option_type(annotation, told), "multiple": _is_repeated(annotation, told)}
    return click.option(flag, each.name, **{**settings, **changes})


def option_type(annotation: Any, told: dict[str, Any]) -> Any:
    """Return the click type for the annotation and the metadata of a field."""
    if told.get("kind"):
        return KINDS[told["kind"]]()
    parts = [part for part in _alternatives(annotation) if part is not type(None)]
    first = get_args(parts[0])[0] if get_origin(parts[0]) is tuple else parts[0]
    if get_origin(first) is Literal:
        return click.Choice([value for part in parts for value in get_args(part)])
    least, most = told.get("min"), told.get("max")
    if first in (int, float) and (least, most) == (None, None):
        return first
    if first is int:
        return click.IntRange(least, most)
    if first is float:
        return click.FloatRange(least, most)
    if first is Path:
        of_file, exists = told.get("file", False), told.get("exists", False)
        return click.Path(exists=exists, file_okay=of_file, dir_okay=not of_file, path_type=Path)
    return str


def _alternatives(annotation: Any) -> list[Any]:
    """Return the members of a union, of unions within it too; any other annotation alone."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for part in get_args(annotation) for inner in _alternatives(part)]
    return [annotation]


def _is_repeated(annotation: Any, told: dict[str, Any]) -> bool:
    return get_origin(annotation) is tuple and not told.get("kind")


def fields_of(config: type, parsed: dict[str, Any]) -> dict[str, Any]:
    """Take the fields of a config out of what click parsed, by their names."""
    return {each.name: parsed.pop(each.name) for each in dataclasses.fields(config) if each.name in parsed}


def config_of(config: type, parsed: dict[str, Any]) -> Any:
    """Make a config from what click parsed, taking its fields out of ``parsed``."""
    return config(**fields_of(config, parsed))
