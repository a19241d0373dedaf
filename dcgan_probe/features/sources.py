"""Registry of the sources of features: those of the package, of installed packages and of a user's own modules."""

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
"""Group of the entry points by which an installed package adds its sources: each names a ``FeatureSource``."""

_SOURCES: dict[str, FeatureSource] = {}
_modules: dict[str, str] = {}
"""By the name of a source: the module that registers it; empty for one that needs no import."""
_loaded: list[str] = []
_broken: dict[str, str] = {}
"""By the name of an entry point that cannot be loaded: the reason."""


def register_source(source: FeatureSource, *, replace: bool = False) -> FeatureSource:
    """Add a source of features, by its name, and return it.

    Parameters
    ----------
    replace
        Whether the source takes the place of one of that name, as in a notebook whose cell is run again.

    Raises
    ------
    UserError
        If a field has another type, an option has no default, no help for the command line, or a name that a verb has
        itself, there is a source of that name, or another source has an option of the same name and of another type.
    """
    _load_built_in()
    check_source(source)
    if source.name in _SOURCES and not replace:
        raise UserError(
            f"there is a source {source.name!r} already, {_SOURCES[source.name].label!r} of "
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
        If there is none; the text has the nearest name.
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
        + "; a source of your own is registered by its module, which `load_plugin` imports",
        parameter="features",
    )


def feature_sources() -> tuple[FeatureSource, ...]:
    """Return all sources in the order in which they were registered."""
    load_sources()
    return tuple(_SOURCES.values())


def source_label(features: str, network: str) -> str:
    """Return the name of features and network in tables, such as ``DCGAN cpu32``; empty for an unknown source."""
    load_sources()
    source = _SOURCES.get(features)
    return "" if source is None else source.separator.join(filter(None, (source.label, network)))


def is_built_in(source: FeatureSource) -> bool:
    """Return whether a source comes with the package."""
    from .built_in_sources import SOURCES  # late, since that module registers them here

    return any(source is each for each in SOURCES)


def registering_module(name: str) -> str | None:
    """Return the name of the module whose import registers a source; None where no import is needed."""
    built_in = name in _SOURCES and is_built_in(_SOURCES[name])
    return None if built_in else _modules.get(name) or None


def load_sources() -> None:
    """Register, once, the sources of this package and of installed ones: entry points of ``dcgan_probe.sources``.

    An entry point that cannot be loaded leaves all others; ``source_named`` tells why it is missing.
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
    told = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    return f"{entry.value} of {package} fails ({told}); mend or uninstall it"


def _load_built_in() -> None:
    name = f"{__package__}.built_in_sources"
    if name not in _loaded:
        _loaded.append(name)  # first, since that module registers them here
        import_module(name)


def source_options(source: FeatureSource, typed: dict[str, Any]) -> Any:
    """Make the options of a source from those of ``typed`` that it has; the others keep their defaults."""
    names = {each.name for each in dataclasses.fields(source.options)}
    options = source.options(**{name: value for name, value in typed.items() if name in names})
    check_fields(options)
    return options
