"""Search for the rows of a table in the records, by config rather than by command line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..evaluation import RECORDED_CLASSIFIERS, PlannedEvaluation, PlannedSupervised, Summary
from ..features import choose_layers, is_built_in, recorded_options
from ..images import set_name
from ..networks import NetworkConfig


@dataclass(frozen=True)
class RunFacts:
    """Fields of a run that records contain, for runs that exist or are planned."""

    preset: str
    network: NetworkConfig
    trained_on: str
    """Name of the training images."""
    images_seen: int
    """Smallest acceptable number of real images shown to D."""
    seed: int


def find_summary(
    planned: PlannedEvaluation | PlannedSupervised, run: RunFacts | None, summaries: Iterable[Summary]
) -> Summary | None:
    """Return the summary of an evaluation; None if no summary matches with test predictions and enough draws.

    Parameters
    ----------
    planned
        The evaluation with its images and its protocol.
    run
        Facts of the run, for features that need one.
    """
    return next((summary for summary in summaries if not why_not_found(planned, run, summary)), None)


def why_not_found(planned: PlannedEvaluation | PlannedSupervised, run: RunFacts | None, summary: Summary) -> list[str]:
    """Return the reasons why a summary does not match the planned evaluation; empty if it matches."""
    wanted = supervised_fields(planned) if isinstance(planned, PlannedSupervised) else recorded_fields(planned, run)
    reasons = [
        f"{name} is {found!r}, expected {value!r}"
        for name, value in wanted.items()
        if not _agree(found := _recorded(summary, name, value), value)
    ]
    if summary.draws < planned.protocol.draws:
        reasons.append(f"draws are {summary.draws}, expected at least {planned.protocol.draws}")
    trained = summary.features == "dcgan" or bool(summary.images_seen)
    if run is not None and trained and summary.images_seen < run.images_seen:
        reasons.append(f"images_seen is {summary.images_seen:,}, expected at least {run.images_seen:,}")
    if summary.over_images is None:  # comparisons need test predictions
        reasons.append("its test predictions are missing")
    return reasons


def recorded_fields(planned: PlannedEvaluation, run: RunFacts | None) -> dict[str, Any]:
    """Return the expected fields and options in the summary of an evaluation, by name.

    A tuple lists alternative values of an option. ``options`` are those of a source registered by a plugin, which
    are recorded unchanged.
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
    """Return the fields of a built-in source that depend on its run and images."""
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
    """Return the expected fields and options in the summary of a supervised search, by name."""
    return {
        **_shared_fields(planned),
        "features": "supervised",
        "dimension": planned.network.last_units,
        "network": planned.preset,
        "given": False,
        "settings": planned.config.settings,
    }


def _shared_fields(planned: PlannedEvaluation | PlannedSupervised) -> dict[str, Any]:
    """Return the fields that depend on images, protocol and seed."""
    return {
        "protocol": planned.protocol.name,
        "images_fingerprint_train": planned.train.fingerprint,
        "images_fingerprint_test": planned.test.fingerprint,
        "seed": planned.config.seed,
    }


def _recorded(summary: Summary, name: str, wanted: Any) -> Any:
    """Return a field or an option of a summary; an option missing from older records counts as the wanted value."""
    return getattr(summary, name) if name in Summary.__dataclass_fields__ else summary.options.get(name, wanted)


def _agree(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):  # options of a source; records may have more of them
        return all(name in found and found[name] == value for name, value in wanted.items())
    return bool(found == wanted) or (isinstance(wanted, tuple) and found in wanted)
