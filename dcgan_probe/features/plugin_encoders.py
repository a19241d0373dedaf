"""Encoders of external sources, completed from their options and their run."""

from dataclasses import fields, replace
from typing import Any

from ..images import ImageSet
from ..runtime import UserError
from .encoder_checks import CheckedEncoder, naming, require_json
from .encoders import Encoder
from .feature_set import EncoderOrigin
from .feature_source import FeatureSource, SourceContext
from .run_encoders import trained_discriminator
from .sources import is_built_in

HIDDEN = ("encoder", "weights")
"""Settings of an encoder that records omit, so the origin must contain them."""


def finished_encoder(source: FeatureSource, options: Any, context: SourceContext) -> Encoder:
    """Make the encoder of a source, and check that it has as many columns as the source counts.

    Raises
    ------
    UserError
        For the reasons given in ``FeatureSource.make_encoder``.
    """
    loaded = list[ImageSet]()
    with naming(source.name, "make"):
        made = source.make(options, context if is_built_in(source) else _tracking(context, loaded))
    if made is None:
        raise UserError(f"{source.name} features: make returned None, expected an encoder")
    checked = CheckedEncoder(made, source.name)
    network = context.run.config.network if source.needs_run and context.run is not None else None
    columns = source.count_columns(options, context.images, network)
    if columns != checked.dimension:
        raise UserError(
            f"{source.name} features: columns returned {columns:,} for {context.images.name}, but the layers of "
            f"the encoder have {checked.dimension:,} columns; expected the same number"
        )
    if is_built_in(source):
        return made
    _complete(checked, source, options, context, loaded)
    return checked


def _tracking(context: SourceContext, loaded: list[ImageSet]) -> SourceContext:
    """Return a context that appends each image set loaded through it to a list."""

    def noted(images: ImageSet) -> ImageSet:
        loaded.append(images)
        return images

    def load(dataset: str, split: str) -> ImageSet:
        return noted(context.load(dataset, split))

    return replace(context, training=lambda: noted(context.training()), load=load)


def _complete(
    encoder: CheckedEncoder, source: FeatureSource, options: Any, context: SourceContext, loaded: list[ImageSet]
) -> None:
    """Add what key and records lack: options, layers, seed, the run and its weights, the loaded images."""
    given = recorded_options(options)
    require_json(given, source.name, "options")
    origin = encoder.origin
    if source.needs_run and not origin.run:
        origin = _of_run(source, origin, context)
    hidden = {name: encoder.settings[name] for name in HIDDEN if name in encoder.settings}
    encoder.origin = replace(origin, recipe={**hidden, **given, **origin.recipe})
    facts = {
        "weights": origin.weights,
        "seed": origin.seed,
        "learned_from": [] if origin.weights else [images.fingerprint for images in loaded],
    }
    known = {name: value for name, value in facts.items() if value}
    encoder.settings = {**known, **given, "layers": list(encoder.layers), **encoder.settings}
    if source.needs_run and not encoder.settings.get("weights"):
        raise UserError(
            f"{source.name} features: `encoder.origin` has the run {origin.run}, but no `weights`; set `weights` to "
            "their hash, or omit `run` for the trained discriminator"
        )
    _check_grid(encoder)


def recorded_options(options: Any) -> dict[str, Any]:
    """Return the options of an external source as records store them, JSON-serializable."""
    return {each.name: _plain(getattr(options, each.name)) for each in fields(options)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _of_run(source: FeatureSource, origin: EncoderOrigin, context: SourceContext) -> EncoderOrigin:
    """Return an origin whose empty fields have the values of the trained run."""
    run = context.run
    assert run is not None  # checked for a source that needs one
    trained = context.ranks.from_first(lambda: trained_discriminator(run, source.name)[1])
    own = {each.name: getattr(origin, each.name) for each in fields(origin)}
    empty = {each.name: each.default for each in fields(origin)}
    return replace(trained, **{name: value for name, value in own.items() if value not in (empty[name], {})})


def _check_grid(encoder: CheckedEncoder) -> None:
    """Check that a ``grid`` setting fits the columns of every layer: ``grid * grid`` for each map."""
    grid = encoder.settings.get("grid", 1)
    whole = isinstance(grid, int) and grid > 0
    uneven = [name for name, (start, stop) in encoder.layers.items() if not whole or (stop - start) % grid**2]
    if uneven:
        raise UserError(
            f"{encoder.source} features: got grid {grid!r}, for grid * grid columns per map, but layer {uneven[0]} has "
            f"columns {encoder.layers[uneven[0]]}; expected a multiple, or another name for this setting or option"
        )
