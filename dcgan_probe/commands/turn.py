"""``dcgan-probe turn``: an axis between two groups of samples, added in steps to random z."""

from collections.abc import Sequence
from typing import Any

import click
import numpy as np

from ..latent import Concept, along, monotonicity, random_axis, turn_axis
from ..report import save_contact_sheet, tiled
from .command_lines import RecordedCommand
from .concept_options import Gathered, concept_options, gather
from .investigations import Investigation, investigation_options

RANDOM_AXES = 8
SHOWN = 2
"""Of the random axes in the picture, a strip each."""


@click.command("turn", cls=RecordedCommand)
@click.option(
    "--from",
    "start",
    required=True,
    metavar="NAME=...",
    help="Where the axis begins: NAME=3,17,42,55 (numbers of samples), or NAME=age<30 (chosen by probes).",
)
@click.option("--to", "end", required=True, metavar="NAME=...", help="Where the axis ends.")
@click.option(
    "--per-concept", type=click.IntRange(min=1), default=4, show_default=True, help="Samples that probes pick."
)
@click.option("--count", type=click.IntRange(min=1), default=64, show_default=True, help="Random z that are turned.")
@click.option("--steps", type=click.IntRange(min=2), default=9, show_default=True, help="Images of a strip.")
@click.option(
    "--reach",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="The strip goes from z minus so many axes to z plus as many.",
)
@click.option("--shown", type=click.IntRange(min=1), default=8, show_default=True, help="Strips in the picture.")
@concept_options
@investigation_options
def turn_command(
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
    """Add the axis between the mean z of two groups of samples to random z in steps: a strip for each z.

    The paper turns faces this way, with four samples looking left and four looking right. The number is the rank
    correlation of each strip's scores with the position, beside that of random axes of the same length.

    \b
    dcgan-probe turn --from left=3,17,42,55 --to right=5,8,61,70
    dcgan-probe turn --from "young=age<30" --to "old=age>=55" --count 100
    """
    concepts = [Concept.parse(start), Concept.parse(end)]
    look = Investigation([concept.name for concept in concepts], **common)
    found = gather(look, concepts, scored, dataset=dataset, pool=pool, per_concept=per_concept)
    first, last = (found.samples[concept.name] for concept in concepts)
    axis = turn_axis(first.z, last.z)
    positions = np.linspace(-reach, reach, steps)
    # The samples that made the axis, or were looked through for it, are not those that are turned.
    beyond = max(pool, *(max(numbers) + 1 for numbers in found.numbers.values()))
    z = look.samples(range(beyond, beyond + count)).z
    strips = turned(look, z, axis, positions)
    controls = [turned(look, z, random_axis(axis, look.seed, number), positions) for number in range(RANDOM_AXES)]
    rows = [(concept.name, [tiled(found.samples[concept.name].images)]) for concept in concepts]
    rows += [("" if number else "turned", [tiled(strip)]) for number, strip in enumerate(strips[:shown])]
    rows += [("" if number else "random axes", [tiled(control[0])]) for number, control in enumerate(controls[:SHOWN])]
    save_contact_sheet(look.path(), rows)
    measured = scores_along(look, found, strips, controls)
    look.finish(
        {
            **found.told(),
            "positions": positions,
            "axis_length": np.linalg.norm(axis),
            "strips": count,
            "random_axes": RANDOM_AXES,
            "attributes": measured,
        },
        [
            f"{attribute}: score from {told['mean_scores'][0]:.2f} to {told['mean_scores'][-1]:.2f}, rank correlation "
            f"with the position {told['monotonicity_mean']:.2f} (mean of {count} strips); of {RANDOM_AXES} random axes "
            f"at most {np.abs(told['random_axes_monotonicity_means']).max():.2f} either way"
            for attribute, told in measured.items()
        ],
    )


def turned(look: Investigation, z: np.ndarray, axis: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Give the images of each strip, uint8 (n, steps, channels, H, W)."""
    moved = along(z, axis, positions)
    images = look.generate(moved.reshape(-1, moved.shape[-1]))
    return images.reshape(*moved.shape[:2], *images.shape[1:])


def scores_along(
    look: Investigation, found: Gathered, strips: np.ndarray, controls: Sequence[np.ndarray]
) -> dict[str, dict[str, Any]]:
    """Give, for each attribute, how surely its score rises along the strips, and along those of random axes."""
    if not found.probes:
        return {}
    shape, pixels = strips.shape[:2], strips.shape[2:]
    ours, *random = (found.score(look.features(each.reshape(-1, *pixels))) for each in (strips, *controls))
    return {
        attribute: {
            "mean_scores": scores.reshape(shape).mean(axis=0),
            "monotonicity_mean": monotonicity(scores.reshape(shape)).mean(),
            "monotonicity": monotonicity(scores.reshape(shape)),
            "random_axes_monotonicity_means": [
                monotonicity(control[attribute].reshape(shape)).mean() for control in random
            ],
        }
        for attribute, scores in ours.items()
    }
