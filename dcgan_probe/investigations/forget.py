"""Removal of the maps of a generator that draw boxed objects, and the effect on its samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..gan import (
    Run,
    generate,
)
from ..images import contact_sheet
from ..networks import Generator
from ..runtime import OnNote, OnStep, UserError, Workspace, no_note, no_step, numpy_generator
from .attribute_probes import ProbePair
from .attributes import Attribute
from .backpropagation import score_saliency
from .boxes import Box, box_entries, boxed_samples, inside, read_boxes, strongest_windows
from .config import ForgetConfig
from .feature_investigation import FeatureInvestigation
from .forget_findings import CONTROLS, UNITS, beside_controls, scored, summary, warnings
from .forget_pictures import SHOWN, Row, boxes_sheet, sample_rows
from .map_removal import (
    BOX_PENALTY,
    contrast,
    count_maps,
    find_object,
    layer_maps,
    object_layer,
    pixel_change,
    without_maps,
)
from .result import InvestigationResult

POOL, BOXED = 1000, 100
"""Number of samples that a probe searches, and number of samples that get a box."""
WINDOW = 3 / 8
"""Side of such a box, as a share of the image's side."""
TOP_SHARE = 1 / 4
"""Share of the other samples that are also scored separately: those with the highest scores by the selecting probe."""


@dataclass(frozen=True, kw_only=True)
class ForgetResult(InvestigationResult):
    """Generator without some maps, and the change of its samples."""

    generator: Generator
    """Copy of the run's generator in which the dropped maps are 0."""
    boxes: tuple[Box, ...]
    """Boxes on samples; empty if the map was chosen by its number."""

    @property
    def attachments(self) -> Mapping[str, Any]:
        """Boxes found by a probe, as a file for ``ForgetConfig.boxes``; empty for other boxes."""
        assert isinstance(self.config, ForgetConfig), "only forget makes this result"
        return {} if self.config.boxes_from is None else {"-boxes.json": box_entries(self.boxes)}


@dataclass(frozen=True)
class _Dropped:
    """Dropped maps, and the generators without them."""

    layer: str
    of: int
    """Number of maps of the layer."""
    maps: np.ndarray
    generators: list[Generator]
    """Generator without the dropped maps, then the controls without as many random maps."""


def forget(
    run: Run,
    config: ForgetConfig,
    *,
    workspace: Workspace | None = None,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> ForgetResult:
    """Drop the generator's maps that draw boxed objects, and compare other samples with and without these maps.

    Parameters
    ----------
    workspace
        Folder of labeled images, and device; the folder ``data`` by default.
    on_step, on_note
        Called with the progress of each step, and with notes.

    Raises
    ------
    UserError
        If the run or the boxes cannot be read, or the layer, the map or the attribute does not exist.
    """
    look = FeatureInvestigation(run, config, workspace, on_step, on_note)
    look.require_room(config.count, "count")
    layer = object_layer(look.generator, config.layer)
    pair = _probes(look, config)
    boxes = _boxes(look, config, pair)
    numbers: dict[str, Any] = {
        "units": UNITS,
        "boxes_file": config.boxes and str(config.boxes),
        "attribute": config.scored_attribute,
        "dataset": config.dataset,
        "window": boxes[0].right - boxes[0].left if config.boxes_from is not None else None,
        "layer": layer,
        "maps": count_maps(look.generator, layer),
    }
    numbers |= {"dropped": np.array([config.map])} if config.map is not None else _find_maps(look, layer, boxes, config)
    dropped = _Dropped(layer, numbers["maps"], numbers["dropped"], _without(look, layer, numbers["dropped"]))
    pictures = {}
    if boxes:
        measured, pictures["-boxes.png"] = _change_in_boxes(look, boxes, dropped)
        numbers |= measured
    used = np.arange(POOL) if config.boxes_from is not None else boxed_samples(boxes)
    others = np.setdiff1d(np.arange(len(used) + config.count), used)[: config.count]
    measured, pictures[".png"] = _change_elsewhere(look, others, dropped, pair)
    numbers |= measured
    for warning in warnings(numbers):
        look.warn(warning)
    return look.result(
        ForgetResult,
        numbers=numbers,
        pictures=pictures,
        summary=tuple(summary(numbers)),
        generator=dropped.generators[0],
        boxes=tuple(boxes),
    )


def _probes(look: FeatureInvestigation, config: ForgetConfig) -> ProbePair | None:
    """Fit the probes of the attribute, if there is one; an error names the field that holds it."""
    if config.scored_attribute is None:
        return None
    try:
        (pair,) = look.probes([Attribute.parse(config.scored_attribute)], config.dataset).values()
    except UserError as error:
        about = "boxes_from" if config.boxes_from and error.parameter == "attribute" else error.parameter
        raise UserError(str(error), parameter=about) from error
    return pair


def _boxes(look: FeatureInvestigation, config: ForgetConfig, pair: ProbePair | None) -> list[Box]:
    """Return the boxes of the file or of a probe; the list is empty for a map that is given by its number."""
    side = look.generator.config.image_size
    if config.boxes is not None:
        return read_boxes(config.boxes, side)
    if config.boxes_from is None or pair is None:
        return []
    window = config.window or max(1, round(WINDOW * side))
    if window >= side:
        raise UserError(f"got a window of {window} pixels, expected less than the image's {side}", parameter="window")
    pool = look.samples(range(POOL))
    chosen = np.argsort(-pair.selecting.score(look.features(pool.images)), kind="stable")[:BOXED]
    saliency = score_saliency(look.encoder, pair.selecting.coefficients, pool.images[chosen], look.device)
    return strongest_windows(saliency, window, chosen.tolist())


def _find_maps(look: FeatureInvestigation, layer: str, boxes: Sequence[Box], config: ForgetConfig) -> dict[str, Any]:
    """Fit the regression; return its numbers and the maps to drop."""
    samples = look.samples(boxed_samples(boxes).tolist())
    maps = layer_maps(look.generator, layer, samples.z, look.device)
    found = find_object(maps, inside(boxes, samples.images.shape[-1], maps.shape[-1]), look.seed)
    return {
        "C": BOX_PENALTY,
        "boxes": len(boxes),
        "boxed_samples": len(maps),
        "balanced_accuracy": found.balanced_accuracy,
        "positions": found.positions,
        "held_out_positions": found.held_out,
        "weights": found.weights,
        "dropped": found.drawing(config.top),
    }


def _without(look: FeatureInvestigation, layer: str, dropped: np.ndarray) -> list[Generator]:
    """Return the generator without these maps, and controls without as many random maps."""
    maps = count_maps(look.generator, layer)
    draws = [numpy_generator(look.seed, "random maps", draw).permutation(maps) for draw in range(CONTROLS)]
    return [without_maps(look.generator, layer, each) for each in (dropped, *(draw[: len(dropped)] for draw in draws))]


def _change_in_boxes(
    look: FeatureInvestigation, boxes: Sequence[Box], dropped: _Dropped
) -> tuple[dict[str, Any], np.ndarray]:
    """Measure the change of the boxed samples inside and outside of their boxes, and draw some of the samples."""
    samples = look.samples(boxed_samples(boxes).tolist())
    side = samples.images.shape[-1]
    within = inside(boxes, side, side)
    after = [generate(each, torch.from_numpy(samples.z), look.device) for each in dropped.generators]
    changes = [pixel_change(samples.images, each) for each in after]
    numbers = {
        "change_inside": beside_controls([each[within].mean() for each in changes]),
        "change_outside": beside_controls([each[~within].mean() for each in changes]),
    }
    return numbers, boxes_sheet(samples.images, within, after[0])


def _change_elsewhere(
    look: FeatureInvestigation, others: np.ndarray, dropped: _Dropped, pair: ProbePair | None
) -> tuple[dict[str, Any], np.ndarray]:
    """Measure the change of other samples and of their scores, and draw some of the samples."""
    samples = look.samples(others.tolist())
    after = [generate(each, torch.from_numpy(samples.z), look.device) for each in dropped.generators]
    numbers: dict[str, Any] = {
        "change": beside_controls([pixel_change(samples.images, each).mean() for each in after]),
        "contrast_before": contrast(samples.images).mean(),
        "contrast": beside_controls([contrast(each).mean() for each in after]),
    }
    groups = {"": np.arange(min(SHOWN, len(others)))}
    if pair is not None:
        features = look.features(samples.images)
        highest = np.argsort(-pair.selecting.score(features), kind="stable")[: max(1, round(TOP_SHARE * len(others)))]
        scores = [pair.scoring.score(each) for each in (features, *map(look.features, after))]
        numbers["probe_balanced_accuracy"] = pair.scoring.balanced_accuracy
        numbers["score"] = scored(scores)
        numbers["score_of_surest"] = {"samples": len(highest)} | scored([each[highest] for each in scores])
        groups["highest scores, "] = highest[:SHOWN]
    rows = list[Row]()
    for name, places in groups.items():
        shown = others[places], samples.images[places], [each[places] for each in after[:2]]
        rows += sample_rows(name, *shown, _only_map(look, dropped, samples.z[places]))
    return numbers, contact_sheet(rows, [f"{dropped.layer} without {len(dropped.maps)} of {dropped.of} maps"])


def _only_map(look: FeatureInvestigation, dropped: _Dropped, z: np.ndarray) -> tuple[int, np.ndarray] | None:
    """Return the number and activations float32 (n, h, w) of the dropped map, if exactly one is dropped."""
    if len(dropped.maps) != 1:
        return None
    (number,) = dropped.maps.tolist()
    return number, layer_maps(look.generator, dropped.layer, z, look.device)[:, number]
