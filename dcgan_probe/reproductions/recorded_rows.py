"""Rows of a table in the records: a row is known by its config, however its command was typed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..evaluation import RECORDED_CLASSIFIERS, PlannedEvaluation, PlannedSupervised, Summary
from ..features import choose_layers, is_built_in, recorded_options
from ..images import set_name
from ..networks import NetworkConfig


@dataclass(frozen=True)
class RunFacts:
    """What records have of a run, whether it has been made or not."""

    preset: str
    network: NetworkConfig
    trained_on: str
    """Name of the images."""
    images_seen: int
    """At least."""
    seed: int


def find_summary(
    planned: PlannedEvaluation | PlannedSupervised, run: RunFacts | None, summaries: Iterable[Summary]
) -> Summary | None:
    """Find the evaluation of a config among summaries; None if there is none with test predictions and enough draws.

    Parameters
    ----------
    planned
        The evaluation, its images and its protocol.
    run
        Of features that need one.
    """
    wanted = supervised_fields(planned) if isinstance(planned, PlannedSupervised) else recorded_fields(planned, run)
    for summary in summaries:
        enough = summary.draws >= planned.protocol.draws
        if run is not None and (summary.features == "dcgan" or summary.images_seen):
            enough &= summary.images_seen >= run.images_seen
        # Without its predictions a row cannot be compared.
        if enough and summary.over_images is not None and _has(summary, wanted):
            return summary
    return None


def recorded_fields(planned: PlannedEvaluation, run: RunFacts | None) -> dict[str, Any]:
    """Return what the summary of an evaluation has, by the names of its fields and of its options.

    A tuple of values of an option stands for any of them. ``options`` are those of a source from outside of the
    package, which its records have as they were given.
    """
    config, options = planned.config, planned.config.options
    found: dict[str, Any] = {
        **_shared_fields(planned),
        "features": config.features,
        "dimension": planned.columns,
        "classifier": RECORDED_CLASSIFIERS.get(config.classifier, config.classifier),
        "scale": config.scaling,
        "given": config.C is not None,
        "dtype": config.dtype,
    }
    if config.C is not None:
        found["chosen"] = config.C
    if config.maps is not None:
        found |= {"maps": config.maps, "maps_seed": config.maps_seed}
    if run is not None:
        found |= {"network": run.preset, "trained_on": run.trained_on, "encoder_seed": run.seed}
    recorded = {} if config.source.recorded is None else config.source.recorded(options)
    if not is_built_in(config.source):
        return {**found, "options": recorded_options(options), **recorded}
    return {**found, **_built_in_fields(planned, run), **recorded}


def _built_in_fields(planned: PlannedEvaluation, run: RunFacts | None) -> dict[str, Any]:
    """Return what follows from run and images for a source of the package."""
    config, options = planned.config, planned.config.options
    if run is None:
        learned = getattr(options, "learn_from", "")
        return {"trained_on": planned.train.name if learned is None else set_name(learned)} if learned != "" else {}
    found: dict[str, Any] = {"layers": choose_layers(options.layers, run.network.layer_names)}
    if config.features == "random":
        seed = run.seed if options.network_seed is None else options.network_seed
        found |= {"trained_on": "", "encoder_seed": seed}
    return found


def supervised_fields(planned: PlannedSupervised) -> dict[str, Any]:
    """Return what the summary of a supervised search has, by the names of its fields and of its options."""
    return {
        **_shared_fields(planned),
        "features": "supervised",
        "dimension": planned.network.last_units,
        "network": planned.preset,
        "given": False,
        "settings": planned.config.settings,
    }


def _shared_fields(planned: PlannedEvaluation | PlannedSupervised) -> dict[str, Any]:
    """Return what follows from images, protocol and seed."""
    return {
        "protocol": planned.protocol.name,
        "images_fingerprint_train": planned.train.fingerprint,
        "images_fingerprint_test": planned.test.fingerprint,
        "seed": planned.config.seed,
    }


def _has(summary: Summary, wanted: Mapping[str, Any]) -> bool:
    for name, value in wanted.items():
        if name == "options":
            if any(option not in summary.options or summary.options[option] != value[option] for option in value):
                return False
        elif name in Summary.__dataclass_fields__:
            if getattr(summary, name) != value:
                return False
        elif name in summary.options and summary.options[name] not in (value if isinstance(value, tuple) else (value,)):
            return False
    return True
