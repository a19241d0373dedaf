"""Registry of the sources of features: what makes an encoder from options, and all that verbs and tables say of it."""

import dataclasses
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from ..runtime import ALONE, OnStep, Ranks, UserError, check_fields, did_you_mean, no_step

if TYPE_CHECKING:
    import torch

    from ..gan import Run
    from ..images import ImageSet
    from ..networks import NetworkConfig
    from .encoders import Encoder

ENTRY_POINTS = "dcgan_probe.sources"
"""Group of the entry points by which an installed package adds its sources: each names a ``FeatureSource``."""


@dataclass(frozen=True)
class SourceContext:
    """What an encoder is made with, beside its options."""

    images: "ImageSet"
    """The set to encode."""
    training: "Callable[[], ImageSet]"
    """Returns the training split of that set."""
    run: "Run | None"
    """The run whose networks the features come from; None for a source that needs none."""
    device: "torch.device"
    seed: int
    """Of random choices for which the options name no seed."""
    folder: Path
    """Where feature files and what was learned from images are kept."""
    load: "Callable[[str, str], ImageSet]"
    """Loads the images of a data set's name and a split."""
    ranks: Ranks = ALONE
    """The processes that share the work."""
    on_step: OnStep = no_step
    """Called with the progress of the work."""


@dataclass(frozen=True)
class SourceCost:
    """Operations of a source of features; a multiplication and the addition after it count as two."""

    encoding: float = 0.0
    """Of one image, in those of a large matrix product that takes as long."""
    learning: float = 0.0
    """Before the first image, likewise."""
    memory_bytes: int = 0
    """Of learning, beside the images."""


@dataclass(frozen=True)
class FeatureSource:
    """A kind of features: how an encoder is made, and how verbs and tables name it.

    Parameters of ``columns``, ``make`` and ``cost`` are an instance of ``options`` first. ``columns`` and ``cost`` get
    the images next and, where ``needs_run``, the config of the run's networks last.
    """

    name: str
    """Of ``--features``, of feature files and of records."""
    label: str
    """In tables."""
    options: type
    """Frozen dataclass; each field has a type, a default and metadata: see ``runtime.config``."""
    make: "Callable[[Any, SourceContext], Encoder]"
    """Makes the encoder."""
    columns: Callable[..., int]
    """Counts the features without making the encoder."""
    needs_run: bool = False
    """Whether the features come from a run's networks."""
    default_scale: str = "none"
    """Scaling of the features before a fit."""
    recorded: Callable[[Any], Mapping[str, Any]] | None = None
    """Returns columns of an evaluation, and settings in its column ``options``, that follow from the options; None
    stands for the options themselves, as far as the encoder's settings have them."""
    cost: Callable[..., SourceCost] | None = None
    """Counts the operations; None where nobody has, and plans leave them out."""
    separator: str = " "
    """In tables, between the label and the name of the network."""

    def count_columns(self, options: Any, images: "ImageSet", network: "NetworkConfig | None" = None) -> int:
        """Count the features that an image of the set gets.

        Raises
        ------
        UserError
            If the images have no such grid, layers or components.
        """
        return int(self.columns(*self._arguments(options, images, network)))

    def estimated_cost(self, options: Any, images: "ImageSet", network: "NetworkConfig | None" = None) -> SourceCost:
        """Count the operations, as far as they are known."""
        return SourceCost() if self.cost is None else self.cost(*self._arguments(options, images, network))

    def _arguments(self, options: Any, images: "ImageSet", network: "NetworkConfig | None") -> tuple[Any, ...]:
        if not self.needs_run:
            return options, images
        if network is None:
            raise UserError(f"{self.name} features need a run; train first, or name one", option="run")
        return options, images, network

    def make_encoder(self, options: Any, context: SourceContext) -> "Encoder":
        """Make the encoder.

        Raises
        ------
        UserError
            If the options are of another source or the source needs a run and there is none.
        """
        if not isinstance(options, self.options):
            raise UserError(
                f"got {type(options).__name__} as options of {self.name} features, expected {self.options.__name__}"
            )
        check_fields(options)
        if self.needs_run and context.run is None:
            raise UserError(f"{self.name} features need a run; train first, or name one", option="run")
        return self.make(options, context)


_SOURCES: dict[str, FeatureSource] = {}
_loaded: list[str] = []
_plugins: dict[str, str] = {}


def register_source(source: FeatureSource, *, replace: bool = False) -> FeatureSource:
    """Add a source of features, by its name.

    Raises
    ------
    UserError
        If there is a source of that name, or another one has an option of the same name and of another type.
    """
    load_sources()
    if not source.name.replace("-", "").replace("_", "").isalnum():
        raise UserError(f"got source name {source.name!r}, expected letters, digits, - and _")
    if source.name in _SOURCES and not replace:
        raise UserError(f"there is a source {source.name!r} already; give another name, or replace=True")
    if not (dataclasses.is_dataclass(source.options) and source.options.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise UserError(f"{source.name}: got options {source.options!r}, expected a frozen dataclass")
    for other in _SOURCES.values():
        if other.name != source.name:
            _check_shared(source, other)
    _SOURCES[source.name] = source
    return source


def _check_shared(source: FeatureSource, other: FeatureSource) -> None:
    """Raise ``UserError`` where two sources have options of one name that are written in different ways."""
    ours, theirs = ({each.name: each for each in dataclasses.fields(one.options)} for one in (source, other))
    hints = get_type_hints(source.options), get_type_hints(other.options)
    for name in ours.keys() & theirs.keys():
        one, two = (_written_as(each[name], types[name]) for each, types in zip((ours, theirs), hints, strict=True))
        if one != two:
            raise UserError(
                f"{source.name} has an option {name} of {one}, {other.name} one of {two}: expected the same type, so "
                "give it another name"
            )


def _written_as(each: dataclasses.Field[Any], annotation: Any) -> str:
    """Describe how the text of an option is read."""
    kinds = [part for part in ("bool", "int", "float", "tuple") if part in str(annotation)]
    return each.metadata.get("kind") or "".join(kinds[:1]) or "text"


def source_named(name: str) -> FeatureSource:
    """Return a source of features by its name.

    Raises
    ------
    UserError
        If there is none.
    """
    load_sources()
    if name not in _SOURCES:
        raise UserError(
            f"unknown features {name!r}{did_you_mean(name, _SOURCES)}: expected one of {', '.join(_SOURCES)}",
            option="features",
        )
    return _SOURCES[name]


def feature_sources() -> tuple[FeatureSource, ...]:
    """Return all sources in the order in which they were registered."""
    load_sources()
    return tuple(_SOURCES.values())


def load_sources() -> None:
    """Register, once, the sources of this package and of installed ones: entry points of ``dcgan_probe.sources``."""
    if _loaded:
        return
    _loaded.append(ENTRY_POINTS)
    import_module(".built_in_sources", __package__)
    for each in entry_points(group=ENTRY_POINTS):
        source = each.load()
        if source.name not in _SOURCES:  # its module may have registered it
            register_source(source)


def load_plugin(module: str) -> None:
    """Import a module that registers sources; one of the working folder, too.

    Raises
    ------
    UserError
        If there is no such module, or its import fails.
    """
    load_sources()
    before, here = set(_SOURCES), str(Path.cwd())
    sys.path.insert(0, here)
    try:
        import_module(module)
    except Exception as error:
        raise UserError(
            f"the plugin {module!r} cannot be imported ({type(error).__name__}: {error}); give the name of a module "
            "that is installed or lies in the working folder",
            option="plugin",
        ) from error
    finally:
        sys.path.remove(here)
    _plugins.update(dict.fromkeys(set(_SOURCES) - before, module))


def plugin_of(source: str) -> str | None:
    """Return the module that was imported as a plugin and registered a source; None for all others."""
    return _plugins.get(source)


def source_options(source: FeatureSource, typed: dict[str, Any]) -> Any:
    """Make the options of a source from those of ``typed`` that it has; the others keep their defaults."""
    names = {each.name for each in dataclasses.fields(source.options)}
    options = source.options(**{name: value for name, value in typed.items() if name in names})
    check_fields(options)
    return options
