"""Registry of the sources of features: built in, from installed packages and from user modules."""

import dataclasses
import sys
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ..runtime import UserError, check_fields
from .feature_source import FeatureSource
from .source_checks import check_shared, check_source

ENTRY_POINTS = "dcgan_probe.sources"
"""Group of the entry points with which an installed package adds its sources; each names a ``FeatureSource``."""

_SOURCES: dict[str, FeatureSource] = {}
_modules: dict[str, str] = {}
"""Module that registers each source, by the source's name; empty for a source that needs no import."""
_loaded: list[str] = []
_broken: dict[str, str] = {}
"""Reason why an entry point cannot be loaded, by its name."""


def register_source(source: FeatureSource, *, replace: bool = False) -> FeatureSource:
    """Register a source of features under its name, and return it.

    Parameters
    ----------
    replace
        Whether the source replaces one of the same name, for example when a notebook cell runs again.

    Raises
    ------
    UserError
        If a field has another type, an option has no default or a name that a verb uses, a source of the same name
        exists, or another source has an option of the same name with another type.
    """
    _load_built_in()
    check_source(source)
    if source.name in _SOURCES and not replace:
        raise UserError(
            f"the source {source.name!r} exists already, {_SOURCES[source.name].label!r} of "
            f"{_modules[source.name] or 'an installed package'}; give another name, or replace=True"
        )
    for other in _SOURCES.values():
        if other.name != source.name:
            check_shared(source, other)
    _SOURCES[source.name] = source
    _modules[source.name] = sys._getframe(1).f_globals.get("__name__", "")
    return source


def source_named(name: str) -> FeatureSource:
    """Return a source of features by its name.

    Raises
    ------
    UserError
        If there is none; the message suggests the nearest name.
    """
    load_sources()
    if name in _SOURCES:
        return _SOURCES[name]
    if name in _broken:
        raise UserError(f"{name!r} features cannot be loaded: {_broken[name]}", parameter="features")
    near = get_close_matches(str(name), _SOURCES, 1)
    raise UserError(
        f"unknown features {name!r}: expected one of {', '.join(_SOURCES)}"
        + (f"; did you mean {near[0]}?" if near else "")
        + "; to use a custom source, load its module with `load_plugin`",
        parameter="features",
    )


def feature_sources() -> tuple[FeatureSource, ...]:
    """Return all sources in the order in which they were registered."""
    load_sources()
    return tuple(_SOURCES.values())


def source_label(features: str, network: str) -> str:
    """Return the label of features and network in tables, such as ``DCGAN cpu32``; empty for an unknown source."""
    load_sources()
    source = _SOURCES.get(features)
    return "" if source is None else source.separator.join(filter(None, (source.label, network)))


def is_built_in(source: FeatureSource) -> bool:
    """Return whether a source comes with the package."""
    from .built_in_sources import SOURCES  # deferred, since that module imports this one

    return any(source is each for each in SOURCES)


def registering_module(name: str) -> str | None:
    """Return the name of the module whose import registers a source; None if no import is needed."""
    built_in = name in _SOURCES and is_built_in(_SOURCES[name])
    return None if built_in else _modules.get(name) or None


def load_sources() -> None:
    """Register, once, the built-in sources and those of installed packages (entry points of ``dcgan_probe.sources``).

    An entry point that cannot be loaded does not affect the others; the error of ``source_named`` gives the reason.
    """
    _load_built_in()
    if ENTRY_POINTS in _loaded:
        return
    _loaded.append(ENTRY_POINTS)
    for each in entry_points(group=ENTRY_POINTS):
        try:
            source = each.load()
            if _SOURCES.get(getattr(source, "name", "")) is not source:  # its module may have registered it
                register_source(source)
            _modules[source.name] = ""
        except Exception as error:
            _broken[each.name] = _reason(each, error)


def _reason(entry: EntryPoint, error: Exception) -> str:
    package = "an installed package" if entry.dist is None else f"the installed package {entry.dist.name}"
    reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    return f"{entry.value} of {package} fails ({reason}); fix or uninstall it"


def _load_built_in() -> None:
    name = f"{__package__}.built_in_sources"
    if name not in _loaded:
        _loaded.append(name)  # before the import, since that module calls ``register_source``
        import_module(name)


def source_options(source: FeatureSource, typed: dict[str, Any]) -> Any:
    """Build the options of a source from the matching entries of ``typed``; other options keep their defaults."""
    names = {each.name for each in dataclasses.fields(source.options)}
    options = source.options(**{name: value for name, value in typed.items() if name in names})
    check_fields(options)
    return options
