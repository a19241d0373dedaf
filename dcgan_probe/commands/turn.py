"""``dcgan-probe turn``: an axis between two groups of samples, added in steps to random z."""

from typing import Any

import click
import numpy as np

from ..latent import Concept, along, monotonicity, random_axis, turn_axis
from ..report import save_contact_sheet, tiled
from .command_lines import RecordedCommand
from .concept_options import Gathered, concept_options, gather
from .investigations import Investigation, investigation_options


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
    correlation of each strip's scores with the position, beside that of a random axis of the same length.

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
    strips, control = (turned(look, z, each, positions) for each in (axis, random_axis(axis, look.seed)))
    rows = [(concept.name, [tiled(found.samples[concept.name].images)]) for concept in concepts]
    rows += [("" if number else "turned", [tiled(strip)]) for number, strip in enumerate(strips[:shown])]
    rows += [
        ("" if number else "random axis", [tiled(strip)]) for number, strip in enumerate(control[: shown // 4 + 1])
    ]
    save_contact_sheet(look.path(), rows)
    measured = scores_along(look, found, strips, control)
    look.finish(
        {**found.told(), "positions": positions, "axis_length": np.linalg.norm(axis), "strips": count, **measured},
        [
            f"{attribute}: score from {told['mean_scores'][0]:.2f} to {told['mean_scores'][-1]:.2f}, rank correlation "
            f"with the position {told['monotonicity_mean']:.2f} (mean of {count} strips), of a random axis "
            f"{told['random_axis_monotonicity_mean']:.2f}"
            for attribute, told in measured["attributes"].items()
        ],
    )


def turned(look: Investigation, z: np.ndarray, axis: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Give the images of each strip, uint8 (n, steps, channels, H, W)."""
    moved = along(z, axis, positions)
    images = look.generate(moved.reshape(-1, moved.shape[-1]))
    return images.reshape(*moved.shape[:2], *images.shape[1:])


def scores_along(look: Investigation, found: Gathered, strips: np.ndarray, control: np.ndarray) -> dict[str, Any]:
    """Give, for each attribute, how surely its score rises along the strips, and along those of the control."""
    if not found.probes:
        return {"attributes": {}}
    shape, pixels = strips.shape[:2], strips.shape[2:]
    ours, random = (found.score(look.features(each.reshape(-1, *pixels))) for each in (strips, control))
    return {
        "attributes": {
            attribute: {
                "mean_scores": scores.reshape(shape).mean(axis=0),
                "monotonicity_mean": monotonicity(scores.reshape(shape)).mean(),
                "monotonicity": monotonicity(scores.reshape(shape)),
                "random_axis_mean_scores": random[attribute].reshape(shape).mean(axis=0),
                "random_axis_monotonicity_mean": monotonicity(random[attribute].reshape(shape)).mean(),
            }
            for attribute, scores in ours.items()
        }
    }
