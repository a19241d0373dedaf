"""Configs: frozen dataclasses whose fields are keys of a TOML file, options of a command and arguments of a function.

All three forms are generated from the type, default and metadata of each field. Metadata:

``help``
    Help text, one line.
``min``, ``max``
    Smallest and largest value.
``kind``
    Text form: ``count``, ``bytes``, ``seconds``, ``numbers``, ``names``, ``labels``, ``depth`` or ``file``.
``flag``
    Flag, if it differs from the field's name.
``argument``
    True for a positional argument without a flag.
``file``, ``exists``
    True for a path of a file, and for a path that must exist.
``usual``
    Default in words, if the value does not show it.
``none``
    Text of None, if None is not the default.
``metavar``
    Placeholder of the value in the help text.
``env``
    Environment variable with the value.
"""

import dataclasses
import math
import shlex
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, Union, get_args, get_origin, get_type_hints

from .errors import UserError, did_you_mean

if TYPE_CHECKING:
    from .workspace import Workspace


class _Required:
    """Default of a required field of a ``Config``: building the config without a value raises ``UserError``."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = _Required()
METADATA: dict[str, type] = {
    "help": str,
    "min": Number,
    "max": Number,
    "kind": str,
    "flag": str,
    "argument": bool,
    "file": bool,
    "exists": bool,
    "usual": str,
    "none": str,
    "metavar": str,
    "env": str,
}
"""Keys of a field's metadata, with the type of each value."""
KINDS = ("bytes", "count", "depth", "file", "labels", "names", "numbers", "seconds")


def option(default: Any = MISSING, help: str = "", **metadata: Any) -> Any:
    """Declare a field of a config with its default, help text and the metadata listed in the module docstring."""
    return dataclasses.field(default=default, metadata={"help": help, **metadata})


def check_fields(config: Any) -> None:
    """Check that every field of a config has a value of its type, within its range.

    Raises
    ------
    UserError
        If a required field is missing, or a value is invalid; the message has the field, the value and the expected
        values.
    """
    hints = get_type_hints(type(config))
    missing = [each.name for each in dataclasses.fields(config) if getattr(config, each.name) is REQUIRED]
    if missing:
        raise UserError(f"{type(config).__name__} needs {' and '.join(missing)}", parameter=missing[0])
    for each in dataclasses.fields(config):
        value, expected = getattr(config, each.name), hints[each.name]
        if not has_type(value, expected):
            raise UserError(f"got {each.name} {value!r}, expected {_in_words(expected)}", parameter=each.name)
        least, most = each.metadata.get("min", -math.inf), each.metadata.get("max", math.inf)
        if isinstance(value, int | float) and not isinstance(value, bool) and not least <= value <= most:
            bounds = [f"at least {least}"] * (least > -math.inf) + [f"at most {most}"] * (most < math.inf)
            raise UserError(f"got {each.name} {value}, expected {' and '.join(bounds)}", parameter=each.name)


def has_type(value: Any, expected: Any) -> bool:
    """Return whether a value is of an annotated type, among the types used by configs."""
    origin, parts = get_origin(expected), get_args(expected)
    if expected is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(has_type(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        return isinstance(value, tuple) and all(has_type(part, parts[0]) for part in value)
    if expected is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin or expected)


def _in_words(expected: Any) -> str:
    """Describe an annotated type: ``int or None``, ``max or avg``."""
    origin, parts = get_origin(expected), get_args(expected)
    if origin in (Union, types.UnionType):
        return " or ".join(map(_in_words, parts))
    if origin is Literal:
        return " or ".join(str(part) or "an empty text" for part in parts)
    return "None" if expected is type(None) else getattr(expected, "__name__", str(expected))


def from_mapping(cls: type[Any], values: Mapping[str, Any]) -> Any:
    """Build a config from a mapping, as read from TOML or JSON; missing fields get their defaults.

    Raises
    ------
    UserError
        If a key is not a field, a field without a default is missing, or a value is not of the field's type and range.
    """
    known = {each.name: each for each in dataclasses.fields(cls) if each.init}
    check_keys(values, known, [name for name, each in known.items() if is_required(each)])
    hints = get_type_hints(cls)
    made = cls(**{name: _as_field(value, known[name], hints[name]) for name, value in values.items()})
    check_fields(made)
    return made


def check_keys(values: Any, known: Collection[str], needed: Iterable[str] = ()) -> None:
    """Raise ``UserError`` if values are not a mapping, have an unknown key, or lack a required one."""
    text = ", ".join(known) or "no keys"
    if not isinstance(values, Mapping):
        raise UserError(f"got {values!r}, expected a table of {text}")
    unknown = sorted(values.keys() - set(known))
    if unknown:
        named = ", ".join(f"{key}{did_you_mean(key, known)}" for key in unknown)
        raise UserError(f"unknown {'keys' if len(unknown) > 1 else 'key'} {named}: expected {text}")
    missing = [name for name in needed if name not in values]
    if missing:
        raise UserError(f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing: expected {text}")


def is_required(each: Field[Any]) -> bool:
    """Return whether a field has no default."""
    return each.default in (MISSING, REQUIRED) and each.default_factory is MISSING


def _as_field(value: Any, each: Field[Any], expected: Any) -> Any:
    """Convert a TOML value to the type of a field: lists to tuples, texts to paths, mappings to configs."""
    if value == each.metadata.get("none", MISSING):
        return None
    for part in (expected, *get_args(expected)):
        if isinstance(value, list) and (part is tuple or get_origin(part) is tuple):
            return tuple(value)
        if isinstance(value, str) and part is Path:
            return Path(value)
        if isinstance(value, Mapping) and dataclasses.is_dataclass(part):
            return from_mapping(part, value)  # type: ignore[arg-type]
    return value


def to_mapping(config: Any) -> dict[str, Any]:
    """Return a config as a mapping for TOML and JSON: fields in their order, without those that are None."""
    found: dict[str, Any] = {}
    for each in dataclasses.fields(config):
        value = _given(each, getattr(config, each.name))
        if value is not None:
            found[each.name] = _plain(value)
    return found


def _given(each: Field[Any], value: Any) -> Any:
    """Return a value in its written form: None becomes the field's text of None, if it has one."""
    return each.metadata.get("none") if value is None else value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_mapping(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def flag_of(each: Field[Any]) -> str:
    """Return the flag of a field, such as ``--bn-stats``."""
    return each.metadata.get("flag") or f"--{each.name.replace('_', '-')}"


def arguments_of(config: Any, *, only: Iterable[str] | None = None) -> list[str]:
    """Return the command-line arguments for the fields of a config that differ from their defaults.

    Parameters
    ----------
    only
        Names of the fields to include; None for all.
    """
    chosen = [each for each in dataclasses.fields(config) if only is None or each.name in only]
    first = getattr(config, "first", ())
    chosen.sort(key=lambda each: (not each.metadata.get("argument"), each.name not in first))
    return [part for each in chosen for part in _arguments(each, getattr(config, each.name))]


def _arguments(each: Field[Any], value: Any) -> Iterator[str]:
    default = each.default_factory() if each.default_factory is not MISSING else each.default
    value = _given(each, value)
    if value == default or value is None:
        return
    flag, kind = flag_of(each), each.metadata.get("kind")
    if dataclasses.is_dataclass(value):
        yield from arguments_of(value)
    elif each.metadata.get("argument"):
        yield str(value)
    elif isinstance(value, bool):
        yield flag if value else f"--no-{flag.removeprefix('--')}"
    elif isinstance(value, tuple) and kind is None:
        for part in value:
            yield from (flag, str(part))
    else:
        yield from (flag, _typed(value, kind))


def _typed(value: Any, kind: str | None) -> str:
    """Return a value as text of its kind: ``1,2,4``, ``480s``, ``500000kB``."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    factor, unit = {"seconds": (1, "s"), "bytes": (1000, "kB")}.get(kind or "", (1, ""))
    number = value / factor if unit else value
    return f"{int(number) if unit and number == int(number) else number}{unit}"


class Config:
    """Frozen dataclass of options, checked on construction."""

    verb: ClassVar[str] = ""
    """Command whose options are generated from the fields."""
    first: ClassVar[tuple[str, ...]] = ()
    """Fields that come first in a command line."""
    places: ClassVar[tuple[str, ...]] = ("runs", "results", "data_dir", "download", "device")
    """Fields of a ``Workspace`` that are also options of that command."""

    def __post_init__(self) -> None:
        """Check every field, then constraints between fields.

        Raises
        ------
        UserError
            If a value has the wrong type or is out of range for its field, or if values contradict each other.
        """
        hints = get_type_hints(type(self))
        for each in dataclasses.fields(self):  # type: ignore[arg-type]
            # Strings are accepted for paths, and lists for tuples, in Python as in TOML.
            object.__setattr__(self, each.name, _as_field(getattr(self, each.name), each, hints[each.name]))
        check_fields(self)
        self.check()

    def check(self) -> None:
        """Check constraints between fields; configs with such constraints override this method."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from a mapping; see ``from_mapping``."""
        return from_mapping(cls, values)

    def to_mapping(self) -> dict[str, Any]:
        """Return the config as a mapping; see ``to_mapping``."""
        return to_mapping(self)

    def to_command(self, workspace: "Workspace | None" = None) -> str:
        """Return the equivalent command line, quoted for a shell."""
        where = [] if workspace is None else arguments_of(workspace, only=self.places)
        return shlex.join(["dcgan-probe", *self.verb.split(), *arguments_of(self), *where])
