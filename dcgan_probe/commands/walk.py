"""``dcgan-probe walk``: a path through random latent points, as a picture, an animation and numbers."""

from typing import Any

import click
import numpy as np

from ..images import save_animation, save_grid
from ..latent import INTERPOLATIONS, Interpolation, interpolate, nearest_images, step_lengths, usual_distances
from ..report import enlarged, save_contact_sheet, tiled
from .command_lines import RecordedCommand
from .investigations import Investigation, investigation_options

REFERENCE_IMAGES = 500
"""Training images whose own nearest neighbours tell what distance is usual."""
FRAME_SECONDS = 0.08


@click.command("walk", cls=RecordedCommand)
@click.option("--points", type=click.IntRange(min=2), default=9, show_default=True, help="Random z to pass through.")
@click.option("--steps", type=click.IntRange(min=1), default=10, show_default=True, help="Images from one to the next.")
@click.option(
    "--interpolation",
    type=click.Choice(INTERPOLATIONS),
    default="linear",
    show_default=True,
    help="linear is the paper's; spherical suits a Gaussian z.",
)
@investigation_options
def walk_command(points: int, steps: int, interpolation: Interpolation, **common: Any) -> None:
    """Walk through the latent space: a grid with a row from each random z to the next, and a GIF of the closed path.

    Smooth change speaks against memorisation; a sharp transition shows as a step in the discriminator's features that
    is many times the mean step. The nearest training image of each z's image is shown beside it, with its distance,
    and the distance that training images have to each other.

    \b
    dcgan-probe walk
    dcgan-probe walk --points 5 --steps 16 --interpolation spherical --seed 3
    """
    look = Investigation([interpolation, f"{points}x{steps}"], **common)
    drawn = look.samples(range(points))
    images = look.generate(interpolate(drawn.z, steps, interpolation))
    lengths = step_lengths(look.features(images))
    anchors = images[::steps]
    training = look.training_images
    nearest = nearest_images(anchors, training)
    captions = [f"{distance:.0f}" for distance in nearest.distances]
    usual = usual_distances(training, REFERENCE_IMAGES, look.seed)

    save_grid(look.path(), enlarged(images), columns=steps)
    save_animation(look.path(".gif"), [tiled(image[None]) for image in images], seconds=FRAME_SECONDS)
    save_contact_sheet(
        look.path("-neighbours.png"),
        [
            ("z", [tiled(anchors)]),
            ("nearest training image", [tiled(training.subset(nearest.rows).images[:], captions=captions)]),
        ],
    )
    sharpest = float(lengths.max() / lengths.mean())
    ratio = float(np.median(nearest.distances) / np.median(usual))
    look.finish(
        {
            "largest_step_over_mean": sharpest,
            "largest_step_at": int(lengths.argmax()),
            "steps": lengths,
            "nearest_rows": nearest.rows,
            "nearest_distances": nearest.distances,
            "usual_distance_median": np.median(usual),
            "usual_distance_5th_percentile": np.percentile(usual, 5),
            "nearest_over_usual": ratio,
        },
        [
            f"largest step over the mean step, in D's features: {sharpest:.2f} (ways of one jump each: {steps})",
            "distance to the nearest training image, root mean square of 255: "
            f"median {np.median(nearest.distances):.1f}, least {nearest.distances.min():.1f}",
            f"distance of a training image to its nearest other one: median {np.median(usual):.1f}, "
            f"5th percentile {np.percentile(usual, 5):.1f}",
        ],
    )
