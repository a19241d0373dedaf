"""``dcgan-probe walk``: a path through random latent points, as a picture, an animation and numbers."""

from typing import Any

import numpy as np

from ..images import ImageSet, image_grid, save_animation
from ..latent import (
    Interpolation,
    Neighbours,
    interpolate,
    leg_unevenness,
    nearest_images,
    step_lengths,
    usual_distances,
)
from ..report import enlarged, save_contact_sheet, tiled
from .investigations import Investigation

REFERENCE_IMAGES = 500
"""Training images whose own nearest neighbours tell what distance is usual."""
FRAME_SECONDS, FRAME_SIDE = 0.08, 256
UNITS = {
    "steps": "Euclidean distance of D's features from an image to the next; row i is the leg from z i on",
    "nearest_rows": "rows of the training split; entry i x (images a leg) is z i",
    "largest_step": "times the mean step of its leg; legs and steps are counted from 0",
    "distances": "root mean square difference of pixels, 0 to 255; of an image or its mirror image, the nearer",
}


def walk_verb(points: int, steps: int, interpolation: Interpolation, **common: Any) -> None:
    """Walk through the latent space: a grid with a row from each random z to the next, and the closed path animated."""
    look = Investigation([interpolation, f"{points}x{steps}"], **common)
    look.require_room(points * steps, "steps" if steps > points else "points")
    drawn = look.samples(range(points))
    images = look.generate(interpolate(drawn.z, steps, interpolation))
    lengths = step_lengths(look.features(images))
    uneven, largest = leg_unevenness(lengths, steps), lengths.reshape(points, steps).argmax(axis=1)
    training = look.found_training_images("nearest training images")
    leg, step = int(uneven.argmax()), int(largest[uneven.argmax()])
    save_contact_sheet(look.path(), [_leg_row(images, row, steps, uneven[row], largest[row]) for row in range(points)])
    frames = enlarged(images, FRAME_SIDE)
    save_animation(
        look.path("-animation.webp"), [image_grid(frame[None], 1) for frame in frames], seconds=FRAME_SECONDS
    )
    neighbours, told = ({}, []) if training is None else _neighbours(look, images, training, points, steps)
    look.finish(
        {
            "units": UNITS,
            "largest_step": {"over_mean_of_leg": uneven[leg], "leg": leg, "step": step},
            "largest_step_over_mean_by_leg": uneven,
            "largest_step_over_mean_of_path": lengths.max() / lengths.mean(),
            "steps": lengths.reshape(points, steps),
            **neighbours,
        },
        [
            f"largest step over the mean step of its leg, in D's features: {uneven[leg]:.2f}, on the way from z {leg} "
            f"to z {(leg + 1) % points}, step {step + 1} of {steps}; 1 is an even change, {steps} all at once",
            f"over the legs: median {np.median(uneven):.2f}; largest step over the mean of the whole path: "
            f"{lengths.max() / lengths.mean():.2f}",
            *told,
        ],
    )


def _neighbours(
    look: Investigation, images: np.ndarray, training: ImageSet, points: int, steps: int
) -> tuple[dict[str, Any], list[str]]:
    """Draw the path's nearest training images; return their numbers by name, and the lines that tell them."""
    nearest = nearest_images(images, training)
    usual = usual_distances(training, REFERENCE_IMAGES, look.seed)
    anchors = np.arange(0, len(images), steps)
    closest = np.argsort(nearest.distances, kind="stable")[:points]
    save_contact_sheet(
        look.path("-neighbours.png"),
        [
            *_beside_nearest("random z", anchors, images, nearest, training, steps),
            *_beside_nearest("closest of the path", closest, images, nearest, training, steps),
        ],
    )
    distances = nearest.distances
    numbers = {
        "nearest_rows": nearest.rows,
        "nearest_mirrored": nearest.mirrored,
        "nearest_distances": distances,
        "usual_distance_median": np.median(usual),
        "usual_distance_5th_percentile": np.percentile(usual, 5),
        "nearest_over_usual": np.median(distances[anchors]) / np.median(usual),
    }
    return numbers, [
        "distance to the nearest training image, mirrored or not, root mean square of 255: random z median "
        f"{np.median(distances[anchors]):.1f}, least {distances[anchors].min():.1f}; whole path least "
        f"{distances.min():.1f}",
        f"distance of a training image to its nearest other one: median {np.median(usual):.1f}, "
        f"5th percentile {np.percentile(usual, 5):.1f}",
    ]


def _leg_row(images: np.ndarray, leg: int, steps: int, uneven: float, largest: int) -> tuple[str, list[np.ndarray]]:
    """Give a leg as a row of pictures; below the image from which its largest step leads, how large that is."""
    captions = [""] * steps
    captions[largest] = f"x {uneven:.1f} >"
    return f"from z {leg}, largest step {uneven:.1f} x mean", [
        tiled(images[leg * steps : (leg + 1) * steps], captions=captions)
    ]


def _beside_nearest(
    name: str, which: np.ndarray, images: np.ndarray, nearest: Neighbours, training: ImageSet, steps: int
) -> list[tuple[str, list[np.ndarray]]]:
    """Give images of the path, each named by the z before it and the steps from there, above their neighbours."""
    found = training.subset(nearest.rows[which]).images[:]
    mirrored = nearest.mirrored[which]
    shown = np.where(mirrored[:, None, None, None], found[..., ::-1], found)
    places = [f"z {row // steps}" + (f" + {row % steps}" if row % steps else "") for row in which]
    distances = [
        f"{each:.0f}" + (" mirrored" if flag else "")
        for each, flag in zip(nearest.distances[which], mirrored, strict=True)
    ]
    return [
        (name, [tiled(images[which], captions=places)]),
        ("nearest training image, rms of 255", [tiled(shown, captions=distances)]),
    ]
