"""Checks of a source of features at registration: its fields, its options and their names."""

import dataclasses
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field
from numbers import Number
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..runtime import KINDS, METADATA, UserError, check_fields, flag_of
from .feature_source import FeatureSource
from .settings import SCALES

RESERVED = frozenset(
    (
        *("features", "options", "dtype", "run", "seed", "dataset", "datasets", "split", "splits", "labels", "draws"),
        *("select_draws", "C", "scale", "classifier", "memory", "maps", "maps_seed", "controls", "no_controls"),
        *("validate", "runs", "results", "data_dir", "download", "no_download", "device", "dry_run", "json", "as_json"),
        *("quiet", "help", "help_source", "plugin"),
    )
)
"""Names of the options of ``extract`` and ``eval-svm`` and of their configs' fields, reserved for the verbs."""
PLAIN = (bool, int, float, str, Path)
"""Types of an option that are parsed from one string."""
EXPECTED = {str: "a string", bool: "True or False", Number: "a number"}
NOT_FOR_SOURCES = ("argument", "none")
"""Metadata of a config's field that is not allowed for an option of a source."""


def check_source(source: Any) -> None:
    """Check every field of a source, and every option.

    Raises
    ------
    UserError
        If a field or an option is invalid; the message gives the source, the value and the expected value.
    """
    if not isinstance(source, FeatureSource):
        raise UserError(f"got {source!r} as a source of features, expected a FeatureSource")
    if not isinstance(source.name, str) or not source.name.replace("-", "").replace("_", "").isalnum():
        raise UserError(f"got source name {source.name!r}, expected letters, digits, - and _")
    _require(source, "label", isinstance(source.label, str) and source.label.strip(), "a string for tables")
    _require(source, "separator", isinstance(source.separator, str), "a string")
    _require(source, "needs_run", isinstance(source.needs_run, bool), "True or False")
    _require(source, "default_scale", source.default_scale in SCALES, f"one of {', '.join(SCALES)}")
    for name in ("make", "columns"):
        _require(source, name, callable(getattr(source, name)), "a function")
    for name in ("recorded", "cost"):
        _require(source, name, getattr(source, name) is None or callable(getattr(source, name)), "a function or None")
    options = source.options
    parameters = getattr(options, "__dataclass_params__", None)
    _require(source, "options", isinstance(options, type) and parameters and parameters.frozen, "a frozen dataclass")
    _check_options(source)


def _require(source: FeatureSource, field: str, right: Any, expected: str) -> None:
    if not right:
        raise UserError(f"{source.name}: got {field} {getattr(source, field)!r}, expected {expected}")


def _check_options(source: FeatureSource) -> None:
    try:
        hints = get_type_hints(source.options)
    except Exception as error:  # an annotation can be any expression
        raise UserError(f"{source.name}: the types of the options cannot be resolved ({error})") from error
    for each in dataclasses.fields(source.options):
        _check_option(source.name, each, hints[each.name])
    _check_names(source)
    try:
        check_fields(source.options())
    except Exception as error:  # __post_init__ is user code
        raise UserError(f"{source.name}: the default options are invalid ({error}); expected valid defaults") from error


def _check_option(source: str, each: Field[Any], annotation: Any) -> None:
    """Check type, default and metadata of an option."""
    about = f"{source}: option {each.name}"
    if not each.init:
        raise UserError(f"{about} has init=False, expected an argument of the constructor")
    if each.default is MISSING and each.default_factory is MISSING:
        raise UserError(f"{about} has no default, expected one: {each.name}: ... = field(default=...)")
    if not _is_option_type(annotation):
        written = annotation.__name__ if isinstance(annotation, type) else annotation
        raise UserError(
            f"{about} has type {written}, expected bool, int, float, str, Path, Literal, a tuple of one of these such "
            "as tuple[int, ...], or one of these or None"
        )
    known = [name for name in METADATA if name not in NOT_FOR_SOURCES]
    unknown = sorted(map(str, each.metadata.keys() - set(known)))
    if unknown:
        raise UserError(f"{about} has unknown metadata {', '.join(unknown)}, expected some of {', '.join(known)}")
    for name, value in each.metadata.items():
        if not isinstance(value, METADATA[name]):
            raise UserError(f"{about} has {name} {value!r} in its metadata, expected {EXPECTED[METADATA[name]]}")
    kind = each.metadata.get("kind")
    if kind not in (None, *KINDS):
        raise UserError(f"{about} has kind {kind!r} in its metadata, expected one of {', '.join(KINDS)}")


def _is_option_type(annotation: Any) -> bool:
    """Return whether an option of this type can be parsed from strings."""
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return bool(parts) and all(map(_is_option_type, parts))
    if get_origin(annotation) is tuple:
        inner = get_args(annotation)
        return len(inner) == 2 and inner[1] is Ellipsis and _is_option_type(inner[0])
    return annotation in PLAIN or get_origin(annotation) is Literal


def _check_names(source: FeatureSource) -> None:
    """Check that no name or flag of an option belongs to a verb or to another option."""
    seen: dict[str, str] = {}
    for each in dataclasses.fields(source.options):
        flag = flag_of(each)
        if not flag.startswith("--") or not flag[2:].replace("-", "").replace("_", "").isalnum():
            raise UserError(f"{source.name}: option {each.name} has flag {flag!r}, expected two dashes and a word")
        for name in _names(each):
            if name in RESERVED:
                raise UserError(
                    f"{source.name}: option {each.name} ({flag}) has a name that extract or eval-svm uses; "
                    "rename the option"
                )
            if seen.setdefault(name, each.name) != each.name:
                raise UserError(f"{source.name}: options {seen[name]} and {each.name} have the same flag {flag}")


def _names(each: Field[Any]) -> Iterator[str]:
    """Yield the names of an option on the command line, with underscores."""
    flag = flag_of(each).removeprefix("--").replace("-", "_")
    yield from {each.name, flag}
    if "bool" in str(each.type):
        yield f"no_{flag}"


def check_shared(source: FeatureSource, other: FeatureSource) -> None:
    """Check that options of two sources with the same name or flag are declared alike.

    Raises
    ------
    UserError
        If types or flags differ, or two names share a flag.
    """
    ours, theirs = ({each.name: each for each in dataclasses.fields(one.options)} for one in (source, other))
    hints = get_type_hints(source.options), get_type_hints(other.options)
    for name in ours.keys() & theirs.keys():
        one, two = (_written_as(each[name], types[name]) for each, types in zip((ours, theirs), hints, strict=True))
        if one != two:
            raise UserError(
                f"{source.name} has an option {name} of {one}, {other.name} one of {two}: expected the same type, "
                "or another name"
            )
    owners = {name: each.name for each in theirs.values() for name in _names(each)}
    for each in ours.values():
        for name in _names(each):
            if owners.get(name, each.name) != each.name or (each.name in theirs and name not in owners):
                raise UserError(
                    f"{source.name} has an option {each.name} with flag {flag_of(each)}, {other.name} an option "
                    f"{owners.get(name, each.name)} with another: expected the same flag, or another name"
                )


def _written_as(each: Field[Any], annotation: Any) -> str:
    """Describe how an option is parsed."""
    if each.metadata.get("kind"):
        return str(each.metadata["kind"])
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    first = next(part for part in parts if part is not type(None))
    if get_origin(first) is Literal:
        return "choice"
    if get_origin(first) is tuple:
        return f"several of {_written_as(each, get_args(first)[0])}"
    return "text" if first is str else str(first.__name__)
