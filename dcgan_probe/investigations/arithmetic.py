"""Vector arithmetic of concepts, A - B + C, on latent vectors and on pixels."""

from dataclasses import dataclass

import numpy as np

from ..gan import Run
from ..images import contact_sheet, tiled
from ..runtime import OnNote, OnStep, Workspace, no_note, no_step, numpy_generator
from .concept_samples import SCORE_UNIT, Gathered, and_score, captioned, gather, score_table
from .config import OTHER_ROWS, ArithmeticConfig
from .feature_investigation import FeatureInvestigation
from .result import InvestigationResult

NOISE = 0.25
"""Bound of the paper's uniform noise, from -0.25 to 0.25, which is added to the result's z."""
SIDE = 3
"""Side of the grid of results, in images."""
SHOWN = 12
"""Most samples of a concept in the picture."""
RESULT, SINGLE, PIXELS, RANDOM = OTHER_ROWS


@dataclass(frozen=True, kw_only=True)
class ArithmeticResult(InvestigationResult):
    """Result of A - B + C, with the same arithmetic on single samples and on pixels."""

    z: np.ndarray
    """float32 (9, nz): the result in row 4, the middle of the grid, and the result plus noise in the other rows."""
    images: np.ndarray
    """uint8 (9, channels, H, W)."""


def arithmetic(
    run: Run,
    config: ArithmeticConfig,
    *,
    workspace: Workspace | None = None,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> ArithmeticResult:
    """Compute A - B + C from the mean z of three concepts, with a grid of noisy results around it, as in the paper.

    Parameters
    ----------
    workspace
        Folder of labeled images, and device; the folder ``data`` by default.
    on_step, on_note
        Called with the progress of each step, and with notes.

    Raises
    ------
    UserError
        If the run cannot be read or is conditional, or a labeled set has no such attribute.
    """
    look = FeatureInvestigation(run, config, workspace, on_step, on_note)
    look.require_room(config.pool, "pool")
    found = gather(look, config)
    a, b, c = found.samples.values()
    z = around(combine(a.z, b.z, c.z), look.seed)
    singles = min(len(each.z) for each in (a, b, c))
    alone = np.stack([combine(*(each.z[[i]] for each in (a, b, c))) for i in range(singles)]).astype(np.float32)
    groups = {name: each.images for name, each in found.samples.items()}
    groups |= {
        RESULT: look.generate(z),
        SINGLE: look.generate(alone),
        PIXELS: combine_pixels(a.images, b.images, c.images)[None],
        RANDOM: look.samples(range(len(z) ** 2)).images,
    }
    scores = {name: found.score_images(look, images) for name, images in groups.items()}
    means = {
        name: {attribute: float(each.mean()) for attribute, each in of_group.items()}
        for name, of_group in scores.items()
        if of_group
    }
    first, second, third = found.samples
    equation = f"{first} - {second} + {third}"
    return look.result(
        ArithmeticResult,
        numbers={
            "equation": equation,
            **found.record(),
            "mean_scores": means,
            "units": {"mean_scores": SCORE_UNIT},
        },
        pictures={".png": _sheet(found, groups, scores, equation)},
        summary=(equation, *found.qualities(), *score_table(means)),
        z=z,
        images=groups[RESULT],
    )


def _sheet(
    found: Gathered, groups: dict[str, np.ndarray], scores: dict[str, dict[str, np.ndarray]], equation: str
) -> np.ndarray:
    """Draw a row for each concept and each result; captions show the scores of the first attribute."""
    shown, rows = next(iter(found.probes), None), []
    for name in (*found.samples, RESULT, SINGLE, PIXELS):
        captions = captioned(found.numbers.get(name), None if shown is None else scores[name][shown])
        picture = tiled(groups[name][:SHOWN], SIDE if name == RESULT else 0, captions)
        rows.append((equation if name == RESULT else name, [picture]))
    return contact_sheet(rows, [f"under an image: the sample's number{and_score(shown)}"])


def combine(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return mean(a) - mean(b) + mean(c), the means over rows, float64 of a row's shape.

    According to the paper, single samples are unstable, and the mean z of three "showed consistent and stable
    generations that semantically obeyed the arithmetic".
    """
    mean_a, mean_b, mean_c = (rows.mean(axis=0, dtype=np.float64) for rows in (a, b, c))
    return np.asarray(mean_a - mean_b + mean_c)


def around(z: np.ndarray, seed: int) -> np.ndarray:
    """Return the grid around a result, float32 (9, nz): z itself in row 4, the middle; z plus noise in the others."""
    grid = np.repeat(z[None].astype(np.float32), SIDE**2, axis=0)
    added = numpy_generator(seed, "arithmetic").uniform(-NOISE, NOISE, grid.shape).astype(np.float32)
    added[SIDE**2 // 2] = 0.0
    return grid + added


def combine_pixels(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Combine pixels likewise: images uint8 (n, channels, H, W) to one uint8 (channels, H, W), clipped to 0 to 255."""
    return combine(a, b, c).round().clip(0, 255).astype(np.uint8)
