"""``dcgan-probe turn``: an axis between two groups of samples, added in steps to random z."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..latent import Concept, along, monotonicity, random_axis, turn_axis
from ..report import save_contact_sheet, tiled
from ..runtime import UserError
from .concepts import SCORE_UNIT, Gathered, and_score, captioned, gather
from .investigations import Investigation

RANDOM_AXES = 8
FARTHEST = 100
"""Axes from z, at most: far beyond what any generator was trained on."""
SHOWN = 2
"""Of the random axes in the picture, a strip each."""


def turn_verb(
    start: str,
    end: str,
    per_concept: int,
    count: int,
    steps: int,
    reach: float,
    shown: int,
    scored: tuple[str, ...],
    dataset: str | None,
    pool: int,
    **common: Any,
) -> None:
    """Add the axis between the mean z of two groups of samples to random z in steps: a strip for each z."""
    if not 0 < reach <= FARTHEST:
        raise UserError(f"got a reach of {reach}, expected a number above 0, of at most {FARTHEST}", option="reach")
    concepts = [Concept.parse(start, "from"), Concept.parse(end, "to")]
    look = Investigation([concept.name for concept in concepts], **common)
    look.require_room(count * steps, "count" if count > steps else "steps")
    look.require_room(pool, "pool")
    found = gather(look, concepts, scored, dataset=dataset, pool=pool, per_concept=per_concept)
    first, last = (found.samples[concept.name] for concept in concepts)
    if sorted(found.numbers[concepts[0].name]) == sorted(found.numbers[concepts[1].name]):
        raise UserError(
            f"got the samples {found.numbers[concepts[0].name]} at both ends, which makes an axis without a length; "
            "name two groups",
            option="to",
        )
    axis = turn_axis(first.z, last.z)
    positions = np.linspace(-reach, reach, steps)
    # The samples that made the axis, or were looked through for it, are not those that are turned.
    made = set(itertools.chain.from_iterable(found.numbers.values()))
    numbers = list(itertools.islice((number for number in itertools.count(pool) if number not in made), count))
    z = look.samples(numbers).z
    axes = [axis, *(random_axis(axis, look.seed, number) for number in range(RANDOM_AXES))]
    ours, *controls = (turned(look, found, z, each, positions) for each in axes)
    measured = {attribute: scores_along(ours, controls, attribute) for attribute in found.probes}

    rows = [
        (name, [tiled(each.images, captions=captioned(found.numbers[name], None))])
        for name, each in found.samples.items()
    ]
    # The attribute of the axis' end, or else the first.
    shown_score = next(map(str, (*concepts[1].attributes, *found.probes)), None)
    for what, strips, which in (
        *(("turned", ours, row) for row in range(min(shown, count))),
        *(("random axis", control, 0) for control in controls[:SHOWN]),
    ):
        scores = None if shown_score is None else strips.scores[shown_score][which]
        captions = captioned([f"{position:+.2g}" if position else "0" for position in positions], scores)
        rows.append((f"{what}, sample {numbers[which]}", [tiled(strips.images[which], captions=captions)]))
    heading = f"under a sample its number; under a strip the position on the axis{and_score(shown_score)}"
    save_contact_sheet(look.path(), rows, [heading])
    look.finish(
        {
            **found.told(),
            "turned": numbers,
            "positions": positions,
            "axis_length": np.linalg.norm(axis),
            "random_axes": RANDOM_AXES,
            "attributes": measured,
            "units": {
                "positions": "axes from the z that is turned",
                "axis_length": "root of the summed squares of z",
                "mean_scores": SCORE_UNIT,
                "mean_rise": "of the mean score, from the first position to the last",
                "monotonicity": "Spearman's rank correlation of the score with the position, -1 to 1",
            },
        },
        [*found.qualities(), *told_of(measured, count)],
    )


@dataclass(frozen=True)
class Strips:
    """What an axis makes of several z."""

    images: np.ndarray
    """uint8 (n, steps, channels, H, W)."""
    scores: dict[str, np.ndarray]
    """float64 (n, steps) for each attribute."""


def turned(look: Investigation, found: Gathered, z: np.ndarray, axis: np.ndarray, positions: np.ndarray) -> Strips:
    """Add an axis to z float32 (n, nz), generate and score the strips."""
    moved = along(z, axis, positions)
    images = look.generate(moved.reshape(-1, moved.shape[-1]))
    scores = found.score_images(look, images)
    return Strips(
        images.reshape(*moved.shape[:2], *images.shape[1:]),
        {attribute: each.reshape(moved.shape[:2]) for attribute, each in scores.items()},
    )


def scores_along(ours: Strips, controls: Sequence[Strips], attribute: str) -> dict[str, Any]:
    """Tell how surely the score of an attribute rises along the strips, and along those of random axes."""
    rises = monotonicity(ours.scores[attribute])
    return {
        "mean_scores": ours.scores[attribute].mean(axis=0),
        "monotonicity_mean": rises.mean(),
        "monotonicity": rises,
        "random_axes_monotonicity_means": [monotonicity(each.scores[attribute]).mean() for each in controls],
        "mean_rise": rise(ours.scores[attribute]),
        "random_axes_mean_rises": [rise(each.scores[attribute]) for each in controls],
    }


def rise(scores: np.ndarray) -> float:
    """Give by how much scores (n, steps) rise from the first position to the last, on average over the strips."""
    return float((scores[:, -1] - scores[:, 0]).mean())


def told_of(measured: dict[str, dict[str, Any]], strips: int) -> list[str]:
    """Give a line for each attribute."""
    return [
        f"{attribute}: score from {told['mean_scores'][0]:.2f} to {told['mean_scores'][-1]:.2f}, a rise of "
        f"{told['mean_rise']:.2f} (mean of {strips} strips; {RANDOM_AXES} random axes: at most "
        f"{np.abs(told['random_axes_mean_rises']).max():.2f} either way); rank correlation with the position "
        f"{told['monotonicity_mean']:.2f} (at most {np.abs(told['random_axes_monotonicity_means']).max():.2f})"
        for attribute, told in measured.items()
    ]
