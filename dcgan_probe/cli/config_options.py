"""Command-line options generated from the fields of configs."""

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
"""Click types by the ``kind`` of a field."""


def config_options(config: type, *, without: Iterable[str] = (), only: Iterable[str] | None = None) -> Any:
    """Return a decorator that adds an option for each field of a config, in the order of the fields.

    Parameters
    ----------
    without
        Names of fields to omit.
    only
        Names of the fields to include, in this order; None for all.
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
    flag, metadata = flag_of(each), dict(each.metadata)
    if metadata.get("argument"):
        return click.argument(each.name, type=option_type(annotation, metadata), metavar=metadata.get("metavar"))
    required = is_required(each)
    default = None if required or each.default is MISSING else each.default
    if default and metadata.get("kind") in ("names", "numbers"):
        default = ",".join(map(str, default))
    usual = metadata.get("usual")
    settings: dict[str, Any] = {
        "help": metadata.get("help", "") + (f"  [default: {usual}]" if usual else ""),
        # Click treats a default of None as a value, which would satisfy `required`.
        **({"required": True} if required else {"default": default}),
        "show_default": not usual and default is not None and default is not False,
        "metavar": metadata.get("metavar"),
    }
    if metadata.get("env"):
        settings |= {"envvar": metadata["env"], "help": f"{settings['help']}  [env: {metadata['env']}]"}
    if annotation is bool:
        names = f"{flag}/--no-{flag.removeprefix('--')}" if default else flag
        return click.option(names, each.name, **{**settings, "is_flag": True, **changes})
    if bool in _alternatives(annotation):
        return click.option(f"{flag}/--no-{flag.removeprefix('--')}", each.name, **{**settings, **changes})
    settings |= {"type": option_type(annotation, metadata), "multiple": _is_repeated(annotation, metadata)}
    return click.option(flag, each.name, **{**settings, **changes})


def option_type(annotation: Any, metadata: dict[str, Any]) -> Any:
    """Return the click type for the annotation and the metadata of a field."""
    if metadata.get("kind"):
        return KINDS[metadata["kind"]]()
    parts = [part for part in _alternatives(annotation) if part is not type(None)]
    first = get_args(parts[0])[0] if get_origin(parts[0]) is tuple else parts[0]
    if get_origin(first) is Literal:
        return click.Choice([value for part in parts for value in get_args(part)])
    least, most = metadata.get("min"), metadata.get("max")
    if first in (int, float) and (least, most) == (None, None):
        return first
    if first is int:
        return click.IntRange(least, most)
    if first is float:
        return click.FloatRange(least, most)
    if first is Path:
        of_file, exists = metadata.get("file", False), metadata.get("exists", False)
        return click.Path(exists=exists, file_okay=of_file, dir_okay=not of_file, path_type=Path)
    return str


def _alternatives(annotation: Any) -> list[Any]:
    """Return the members of a union, nested unions flattened; a list of one for any other annotation."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for part in get_args(annotation) for inner in _alternatives(part)]
    return [annotation]


def _is_repeated(annotation: Any, metadata: dict[str, Any]) -> bool:
    return get_origin(annotation) is tuple and not metadata.get("kind")


def fields_of(config: type, parsed: dict[str, Any]) -> dict[str, Any]:
    """Remove the fields of a config from the parsed options and return them by name."""
    return {each.name: parsed.pop(each.name) for each in dataclasses.fields(config) if each.name in parsed}


def config_of(config: type, parsed: dict[str, Any]) -> Any:
    """Build a config from the parsed options; its fields are removed from ``parsed``."""
    return config(**fields_of(config, parsed))
