"""``dcgan-probe forget``: a generator that no longer draws what is inside of some boxes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..latent import (
    BOX_PENALTY,
    Attribute,
    Box,
    ProbePair,
    boxed_samples,
    contrast,
    count_maps,
    find_object,
    generate,
    inside,
    layer_maps,
    object_layer,
    outlined,
    pixel_change,
    read_boxes,
    score_saliency,
    strongest_windows,
    without_maps,
    write_boxes,
)
from ..networks import Generator
from ..report import save_contact_sheet, tiled
from ..runtime import UserError, numpy_generator
from .forget_results import CONTROLS, UNITS, beside_controls, scored, shown_rows, summary, warnings
from .investigations import Investigation

SHOWN = 12
"""Samples in a row of the pictures."""
POOL, BOXED = 1000, 100
"""Samples that ``--boxes-from`` looks at, and those of them that get a box."""
WINDOW = 3 / 8
"""Side of such a box, as a share of the image's."""
SUREST = 1 / 4
"""Share of the other samples that are scored apart: those that the selecting probe is surest of."""


def forget_verb(
    boxes: Path | None,
    boxes_from: str | None,
    one_map: int | None,
    layer: str | None,
    top: int | None,
    attribute: str | None,
    dataset: str | None,
    count: int,
    window: int | None,
    **common: Any,
) -> None:
    """Make the generator forget what is boxed on some of its samples, and draw others with and without it."""
    ways = {"boxes": boxes, "boxes-from": boxes_from, "map": one_map}
    given = [f"--{way}" for way, value in ways.items() if value is not None]
    if len(given) != 1:
        got = " and ".join(given) or "none"
        raise UserError(f"got {got} of --boxes, --boxes-from and --map, expected one of them", option="boxes")
    _check_options(boxes_from, one_map, top=top, attribute=attribute, dataset=dataset, window=window)
    source = boxes.stem if boxes else boxes_from or f"map{one_map}"
    look = Investigation([source, *([layer] if layer else []), *([f"top{top}"] if top else [])], **common)
    look.require_room(count, "count")
    name = object_layer(look.generator, layer)
    pair = _probes(look, boxes_from, attribute, dataset)

    drawn = list[Box]()
    if boxes is not None:
        drawn = read_boxes(boxes, look.generator.config.image_size)
    elif boxes_from is not None and pair is not None:
        drawn = _find_boxes(look, pair, window)
    told: dict[str, Any] = {
        "units": UNITS,
        "boxes_file": boxes and str(boxes),
        "attribute": boxes_from or attribute,
        "dataset": dataset,
        "window": drawn[0].right - drawn[0].left if boxes_from is not None else None,
        "layer": name,
        "maps": count_maps(look.generator, name),
    }
    told |= _find_maps(look, name, drawn, top) if one_map is None else {"dropped": np.array([one_map])}
    changed = _without(look, name, told["dropped"])
    if drawn:
        told |= _change_in_boxes(look, drawn, changed)

    used = np.arange(POOL) if boxes_from is not None else boxed_samples(drawn)
    told |= _change_elsewhere(look, told, np.setdiff1d(np.arange(len(used) + count), used)[:count], changed, pair)
    for warning in warnings(told):
        look.warn(warning)
    look.finish(told, summary(told))


def _change_elsewhere(
    look: Investigation, told: dict[str, Any], numbers: np.ndarray, changed: Sequence[Generator], pair: ProbePair | None
) -> dict[str, Any]:
    """Tell how other samples change, and what a probe says of them; show some of them."""
    others, found = look.samples(numbers.tolist()), dict[str, Any]()
    after = [generate(network, torch.from_numpy(others.z), look.device) for network in changed]
    found["change"] = beside_controls([pixel_change(others.images, each).mean() for each in after])
    found["contrast_before"] = contrast(others.images).mean()
    found["contrast"] = beside_controls([contrast(each).mean() for each in after])
    shown = [("", np.arange(min(SHOWN, len(numbers))))]
    if pair is not None:
        features = look.features(others.images)
        surest = np.argsort(-pair.selecting.score(features), kind="stable")[: max(1, round(SUREST * len(numbers)))]
        scores = [pair.scoring.score(each) for each in (features, *map(look.features, after))]
        found["probe_balanced_accuracy"] = pair.scoring.balanced_accuracy
        found["score"] = scored(scores)
        found["score_of_surest"] = {"samples": len(surest)} | scored([each[surest] for each in scores])
        shown.append(("surest, ", surest[:SHOWN]))
    layer, dropped = told["layer"], told["dropped"]
    save_contact_sheet(
        look.path(),
        [
            row
            for which, rows in shown
            for row in shown_rows(
                look, layer, dropped, which, numbers[rows], others.images[rows], [each[rows] for each in after[:2]]
            )
        ],
        headings=[f"{layer} without {len(dropped)} of {told['maps']} maps"],
    )
    return found


def _check_options(boxes_from: str | None, one_map: int | None, **given: Any) -> None:
    """Refuse an option that would change nothing."""
    if one_map is not None and given["top"] is not None:
        raise UserError("got --top with --map, which drops that map alone; leave one of them out", option="top")
    if boxes_from is None and given["window"] is not None:
        raise UserError("got --window without --boxes-from, whose boxes it is the side of", option="window")
    if boxes_from is None and given["attribute"] is None and given["dataset"] is not None:
        raise UserError(
            "got --dataset, but no probe to teach by it; name what to score with --attribute", option="dataset"
        )


def _probes(
    look: Investigation, boxes_from: str | None, attribute: str | None, dataset: str | None
) -> ProbePair | None:
    """Fit the probes of the attribute that was typed, and name the option in which it was."""
    if boxes_from is not None and attribute is not None:
        raise UserError("got --attribute with --boxes-from, which scores by its own; expected one", option="attribute")
    text = boxes_from or attribute
    if text is None:
        return None
    try:
        (pair,) = look.probes([Attribute.parse(text)], dataset).values()
    except UserError as error:
        typed = "boxes-from" if boxes_from and error.option == "attribute" else error.option
        raise UserError(str(error), option=typed) from error
    return pair


def _find_boxes(look: Investigation, pair: ProbePair, window: int | None) -> list[Box]:
    """Put a box on the samples of the pool that the selecting probe is surest of, and write them as a file."""
    side = look.generator.config.image_size
    window = window or max(1, round(WINDOW * side))
    if window >= side:
        raise UserError(f"got a window of {window} pixels, expected less than the image's {side}", option="window")
    pool = look.samples(range(POOL))
    surest = np.argsort(-pair.selecting.score(look.features(pool.images)), kind="stable")[:BOXED]
    saliency = score_saliency(look.encoder, pair.selecting.coefficients, pool.images[surest], look.device)
    boxes = strongest_windows(saliency, window, surest.tolist())
    write_boxes(look.path("-boxes.json"), boxes)
    return boxes


def _find_maps(look: Investigation, layer: str, boxes: Sequence[Box], top: int | None) -> dict[str, Any]:
    """Fit the regression; give its numbers and the maps to drop."""
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
        "dropped": found.drawing(top),
    }


def _without(look: Investigation, layer: str, dropped: np.ndarray) -> list[Generator]:
    """Give the generator without these maps, and controls without as many drawn at random."""
    maps = count_maps(look.generator, layer)
    draws = [numpy_generator(look.seed, "random maps", draw).permutation(maps) for draw in range(CONTROLS)]
    return [without_maps(look.generator, layer, each) for each in (dropped, *(draw[: len(dropped)] for draw in draws))]


def _change_in_boxes(look: Investigation, boxes: Sequence[Box], changed: Sequence[Generator]) -> dict[str, Any]:
    """Tell how much the boxed samples change inside and outside of their boxes, and show some of them."""
    samples = look.samples(boxed_samples(boxes).tolist())
    side = samples.images.shape[-1]
    within = inside(boxes, side, side)
    after = [generate(network, torch.from_numpy(samples.z), look.device) for network in changed]
    changes = [pixel_change(samples.images, each) for each in after]
    save_contact_sheet(
        look.path("-boxes.png"),
        [
            ("boxes", [tiled(outlined(samples.images[:SHOWN], within[:SHOWN]))]),
            ("with", [tiled(samples.images[:SHOWN])]),
            ("without", [tiled(after[0][:SHOWN])]),
        ],
    )
    return {
        "change_inside": beside_controls([each[within].mean() for each in changes]),
        "change_outside": beside_controls([each[~within].mean() for each in changes]),
    }
