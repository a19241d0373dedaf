"""Walk along a path through random latent points, with pictures, an animation and numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..gan import Run
from ..images import (
    ImageSet,
    Neighbors,
    contact_sheet,
    enlarged,
    image_grid,
    nearest_images,
    tiled,
    usual_distances,
)
from ..runtime import OnNote, OnStep, Workspace, no_note, no_step
from .config import WalkConfig
from .feature_investigation import FeatureInvestigation
from .latent_paths import interpolate, leg_unevenness, step_lengths
from .result import InvestigationResult

REFERENCE_IMAGES = 500
"""Number of training images whose nearest neighbors define the usual distance."""
FRAME_SIDE = 256
UNITS = {
    "steps": "Euclidean distance of D's features from an image to the next; row i is the leg from z i on",
    "nearest_rows": "rows of the training split; entry i x (images a leg) is z i",
    "largest_step": "times the mean step of its leg; legs and steps are counted from 0",
    "distances": "root mean square difference of pixels, 0 to 255; of an image or its mirror image, the nearer",
}


@dataclass(frozen=True, kw_only=True)
class WalkResult(InvestigationResult):
    """Path through latent space, with the sheets of its legs and of its nearest training images, and an animation."""

    z: np.ndarray
    """float32 (points * steps, nz); row ``i * steps`` is random point i."""
    images: np.ndarray
    """uint8 (points * steps, channels, H, W)."""


def walk(
    run: Run,
    config: WalkConfig | None = None,
    *,
    workspace: Workspace | None = None,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> WalkResult:
    """Walk along a closed path through random z, and measure how evenly the images change.

    The nearest training images are omitted, with a notice, if the images that trained the run are missing.

    Parameters
    ----------
    workspace
        Folder of the training images, and device; the folder ``data`` by default.
    on_step, on_note
        Called with the progress of each step, and with notes.

    Raises
    ------
    UserError
        If the run cannot be read, or is conditional.
    """
    config = config or WalkConfig()
    look = FeatureInvestigation(run, config, workspace, on_step, on_note)
    look.require_room(config.points * config.steps, "steps" if config.steps > config.points else "points")
    points, steps = config.points, config.steps
    z = interpolate(look.samples(range(points)).z, steps, config.interpolation)
    images = look.generate(z)
    lengths = step_lengths(look.features(images))
    uneven, largest = leg_unevenness(lengths, steps), lengths.reshape(points, steps).argmax(axis=1)
    leg, step = int(uneven.argmax()), int(largest[uneven.argmax()])
    over_path = lengths.max() / lengths.mean()
    pictures = {
        ".png": contact_sheet([_leg_row(images, row, steps, uneven[row], largest[row]) for row in range(points)]),
        "-animation.webp": np.stack([image_grid(frame[None], 1) for frame in enlarged(images, FRAME_SIDE)]),
    }
    numbers = {
        "units": UNITS,
        "largest_step": {"over_mean_of_leg": uneven[leg], "leg": leg, "step": step},
        "largest_step_over_mean_by_leg": uneven,
        "largest_step_over_mean_of_path": over_path,
        "steps": lengths.reshape(points, steps),
    }
    summary = [
        f"largest step over the mean step of its leg, in D's features: {uneven[leg]:.2f}, on the way from z {leg} "
        f"to z {(leg + 1) % points}, step {step + 1} of {steps}; 1 is an even change, {steps} all at once",
        f"over the legs: median {np.median(uneven):.2f}; largest step over the mean of the whole path: {over_path:.2f}",
    ]
    training = look.found_training_images("nearest training images")
    if training is not None:
        nearest = nearest_images(images, training, look.device)
        pictures["-neighbours.png"] = _neighbor_sheet(images, nearest, training, config)
        measured, lines = _neighbor_numbers(look, nearest, training, steps)
        numbers |= measured
        summary += lines
    return look.result(WalkResult, numbers=numbers, pictures=pictures, summary=tuple(summary), z=z, images=images)


def _leg_row(images: np.ndarray, leg: int, steps: int, uneven: float, largest: int) -> tuple[str, list[np.ndarray]]:
    """Return a leg as a row of pictures; a caption marks the image from which the largest step leads."""
    captions = [""] * steps
    captions[largest] = f"x {uneven:.1f} >"
    return f"from z {leg}, largest step {uneven:.1f} x mean", [
        tiled(images[leg * steps : (leg + 1) * steps], captions=captions)
    ]


def _neighbor_sheet(images: np.ndarray, nearest: Neighbors, training: ImageSet, config: WalkConfig) -> np.ndarray:
    """Draw the nearest training images of each z, and of the path's images that are closest to any training image."""
    anchors = np.arange(0, len(images), config.steps)
    closest = np.argsort(nearest.distances, kind="stable")[: config.points]
    return contact_sheet(
        [
            *_beside_nearest("random z", anchors, images, nearest, training, config.steps),
            *_beside_nearest("closest of the path", closest, images, nearest, training, config.steps),
        ]
    )


def _neighbor_numbers(
    look: FeatureInvestigation, nearest: Neighbors, training: ImageSet, steps: int
) -> tuple[dict[str, Any], list[str]]:
    """Return the numbers of the nearest training images by name, and lines that report them."""
    usual = usual_distances(training, REFERENCE_IMAGES, look.seed, look.device)
    distances, of_z = nearest.distances, nearest.distances[::steps]
    numbers = {
        "nearest_rows": nearest.rows,
        "nearest_mirrored": nearest.mirrored,
        "nearest_distances": distances,
        "usual_distance_median": np.median(usual),
        "usual_distance_5th_percentile": np.percentile(usual, 5),
        "nearest_over_usual": np.median(of_z) / np.median(usual),
    }
    return numbers, [
        "distance to the nearest training image, mirrored or not, root mean square of 255: random z median "
        f"{np.median(of_z):.1f}, least {of_z.min():.1f}; whole path least {distances.min():.1f}",
        f"distance of a training image to its nearest other one: median {np.median(usual):.1f}, "
        f"5th percentile {np.percentile(usual, 5):.1f}",
    ]


def _beside_nearest(
    name: str, which: np.ndarray, images: np.ndarray, nearest: Neighbors, training: ImageSet, steps: int
) -> list[tuple[str, list[np.ndarray]]]:
    """Return images of the path, each named by the z before it and the steps from there, above their neighbors."""
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
