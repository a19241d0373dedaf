"""Turn of samples along an axis between two groups, compared with random axes of the same length."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from ..gan import Run
from ..images import contact_sheet, tiled
from ..runtime import OnNote, OnStep, UserError, Workspace, no_note, no_step, numpy_generator
from .concept_samples import SCORE_UNIT, Gathered, and_score, captioned, gather
from .config import TurnConfig
from .feature_investigation import FeatureInvestigation
from .result import InvestigationResult

RANDOM_AXES = 8
RANDOM_SHOWN = 2
"""Number of random axes in the picture, with a strip each."""
UNITS = {
    "positions": "multiples of the axis, from the z that is turned",
    "axis_length": "root of the summed squares of z",
    "mean_scores": SCORE_UNIT,
    "mean_rise": "of the mean score, from the first position to the last",
    "monotonicity": "Spearman's rank correlation of the score with the position, -1 to 1",
}


@dataclass(frozen=True, kw_only=True)
class TurnResult(InvestigationResult):
    """Samples turned along an axis."""

    axis: np.ndarray
    """float32 (nz,), from the mean z of one group to that of the other."""
    positions: np.ndarray
    """float64 (steps,), in multiples of the axis from the z that is turned."""
    images: np.ndarray
    """uint8 (count, steps, channels, H, W)."""


@dataclass(frozen=True)
class Strips:
    """Images of several z moved along an axis, and their scores."""

    images: np.ndarray
    """uint8 (n, steps, channels, H, W)."""
    scores: dict[str, np.ndarray]
    """float64 (n, steps) for each attribute."""


def turn(
    run: Run,
    config: TurnConfig,
    *,
    workspace: Workspace | None = None,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> TurnResult:
    """Move random z in steps along the axis between the mean z of two groups of samples: a strip for each z.

    Parameters
    ----------
    workspace
        Folder of labeled images, and device; the folder ``data`` by default.
    on_step, on_note
        Called with the progress of each step, and with notes.

    Raises
    ------
    UserError
        If the run cannot be read or is conditional, a labeled set has no such attribute, or both groups are the same.
    """
    look = FeatureInvestigation(run, config, workspace, on_step, on_note)
    look.require_room(config.count * config.steps, "count" if config.count > config.steps else "steps")
    look.require_room(config.pool, "pool")
    found = gather(look, config)
    axis = _axis(found)
    positions = np.linspace(-config.reach, config.reach, config.steps)
    # Samples that define the axis, or were candidates for it, are not turned.
    made = set(chain.from_iterable(found.numbers.values()))
    numbers = list(islice((number for number in count(config.pool) if number not in made), config.count))
    z = look.samples(numbers).z
    axes = [axis, *(random_axis(axis, look.seed, number) for number in range(RANDOM_AXES))]
    ours, *controls = (_turned(look, found, z, each, positions) for each in axes)
    measured = {attribute: scores_along(ours, controls, attribute) for attribute in found.probes}
    return look.result(
        TurnResult,
        numbers={
            **found.record(),
            "turned": numbers,
            "positions": positions,
            "axis_length": np.linalg.norm(axis),
            "random_axes": RANDOM_AXES,
            "attributes": measured,
            "units": UNITS,
        },
        pictures={".png": _sheet(config, found, numbers, positions, ours, controls)},
        summary=(*found.qualities(), *_lines(measured, config.count)),
        axis=axis,
        positions=positions,
        images=ours.images,
    )


def _axis(found: Gathered) -> np.ndarray:
    """Return the axis between both groups, float32 (nz,)."""
    first, last = found.samples
    if sorted(found.numbers[first]) == sorted(found.numbers[last]):
        raise UserError(
            f"got the samples {found.numbers[first]} at both ends, which give an axis of length 0; give two groups",
            parameter="end",
        )
    return turn_axis(found.samples[first].z, found.samples[last].z)


def _turned(
    look: FeatureInvestigation, found: Gathered, z: np.ndarray, axis: np.ndarray, positions: np.ndarray
) -> Strips:
    """Add an axis to z float32 (n, nz), generate and score the strips."""
    moved = along(z, axis, positions)
    images = look.generate(moved.reshape(-1, moved.shape[-1]))
    scores = found.score_images(look, images)
    return Strips(
        images.reshape(*moved.shape[:2], *images.shape[1:]),
        {attribute: each.reshape(moved.shape[:2]) for attribute, each in scores.items()},
    )


def _sheet(
    config: TurnConfig,
    found: Gathered,
    numbers: Sequence[int],
    positions: np.ndarray,
    ours: Strips,
    controls: Sequence[Strips],
) -> np.ndarray:
    """Draw both groups, strips along the axis and strips along random axes."""
    rows = [
        (name, [tiled(each.images, captions=captioned(found.numbers[name], None))])
        for name, each in found.samples.items()
    ]
    # The attribute at the end of the axis, or else the first one.
    shown = next(map(str, (*config.parsed[1].attributes, *found.probes)), None)
    for what, strips, which in (
        *(("turned", ours, row) for row in range(min(config.shown, config.count))),
        *(("random axis", control, 0) for control in controls[:RANDOM_SHOWN]),
    ):
        scores = None if shown is None else strips.scores[shown][which]
        captions = captioned([f"{position:+.2g}" if position else "0" for position in positions], scores)
        rows.append((f"{what}, sample {numbers[which]}", [tiled(strips.images[which], captions=captions)]))
    return contact_sheet(rows, [f"under a sample its number; under a strip the position on the axis{and_score(shown)}"])


def scores_along(ours: Strips, controls: Sequence[Strips], attribute: str) -> dict[str, Any]:
    """Measure the rise of an attribute's score along the strips, and along those of random axes."""
    rises = monotonicity(ours.scores[attribute])
    return {
        "mean_scores": ours.scores[attribute].mean(axis=0),
        "monotonicity_mean": rises.mean(),
        "monotonicity": rises,
        "random_axes_monotonicity_means": [monotonicity(each.scores[attribute]).mean() for each in controls],
        "mean_rise": rise(ours.scores[attribute]),
        "random_axes_mean_rises": [rise(each.scores[attribute]) for each in controls],
    }


def _lines(measured: dict[str, dict[str, Any]], strips: int) -> list[str]:
    """Return a line for each attribute."""
    return [
        f"{attribute}: score from {row['mean_scores'][0]:.2f} to {row['mean_scores'][-1]:.2f}, a rise of "
        f"{row['mean_rise']:.2f} (mean of {strips} strips; {RANDOM_AXES} random axes: at most "
        f"{np.abs(row['random_axes_mean_rises']).max():.2f} either way); rank correlation with the position "
        f"{row['monotonicity_mean']:.2f} (at most {np.abs(row['random_axes_monotonicity_means']).max():.2f})"
        for attribute, row in measured.items()
    ]


def turn_axis(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the paper's "turn" vector: the mean z of one group less that of the other, float32 (nz,)."""
    return (end.mean(axis=0, dtype=np.float64) - start.mean(axis=0, dtype=np.float64)).astype(np.float32)


def random_axis(axis: np.ndarray, seed: int, number: int = 0) -> np.ndarray:
    """Return one of many axes of the same length in random directions, float32 (nz,): the control."""
    direction = numpy_generator(seed, "random axis", number).standard_normal(axis.shape)
    return (direction * np.linalg.norm(axis) / np.linalg.norm(direction)).astype(np.float32)


def along(z: np.ndarray, axis: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Add an axis to latent vectors in steps: float32 (n, steps, nz) for z (n, nz) and positions (steps,).

    Position 0 is z itself, 1 is z plus the whole axis.
    """
    return z[:, None].astype(np.float32) + positions[None, :, None].astype(np.float32) * axis


def rise(scores: np.ndarray) -> float:
    """Return the mean rise of scores (n, steps) from the first position to the last, over the strips."""
    return float((scores[:, -1] - scores[:, 0]).mean())


def monotonicity(scores: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each strip's scores with their positions, float64 (n,), for (n, steps).

    A value of 1 means that the score rises at every step, and -1 that it falls at every step. A strip of constant
    scores has 0.
    """
    order = np.arange(scores.shape[1])
    return np.array([0.0 if np.ptp(strip) == 0 else spearmanr(strip, order).statistic for strip in scores])
