"""Takes what training is to begin with, gives refusals in words, and the checkpoint to go on from; trains nothing."""

from typing import Any

from ..images import ImageSet
from ..runtime import Ranks, UserError
from .config import TrainConfig
from .run import Run, TrainedOn


def stored_state(run: Run, config: TrainConfig, trained_on: TrainedOn) -> dict[str, Any] | None:
    """Read the checkpoint that training resumes from; None for a run that was never saved: it has nothing to protect.

    Raises
    ------
    UserError
        If it is not of this run, or cannot be gone on from.
    """
    if not run.checkpoint_path.exists():
        return None
    stored = run.load_last()
    if stored["optimizers"] is None:
        raise UserError(
            f"{run.folder} holds imported weights, without the optimisers' state that training resumes from; "
            "give another `run` to train",
            option="run",
        )
    check_same_run(run, config, trained_on)
    return stored


def check_images(config: TrainConfig, images: ImageSet) -> None:
    """Refuse images that the networks cannot take."""
    network = config.network
    expected = (network.nc, network.image_size, network.image_size)
    if tuple(images.images.shape[1:]) != expected:
        channels, height, width = images.images.shape[1:]
        raise UserError(
            f"{images.name} has images of {channels} x {height} x {width} (channels, height, width), but the "
            f"{config.preset} networks take {' x '.join(map(str, expected))}; use `dcgan-probe prepare --size "
            f"{network.image_size}`, `nc={channels}`, or a preset of that size",
            option="dataset",
        )
    if network.classes:
        images.require_labels("a conditional network")
        if images.classes != network.classes:
            raise UserError(
                f"{images.name} has {images.classes} classes, but the {config.preset} networks are conditional on "
                f"{network.classes}; leave `classes` out to take those of the images",
                option="classes",
            )


def check_parts(config: TrainConfig, ranks: Ranks) -> None:
    """Refuse a number of ranks that does not divide a batch, or whose parts are too small to normalise."""
    part = ranks.part(config.batch_size)
    if part.stop - part.start < 2 and not config.sync_norm:
        raise UserError(
            f"got a batch of {config.batch_size} for {ranks.size} ranks, expected at least 2 images a rank: batch norm "
            "needs a batch; take fewer ranks, a larger batch, or `sync_norm=True`",
            option="batch_size",
        )


def check_same_run(run: Run, config: TrainConfig, trained_on: TrainedOn) -> None:
    """Refuse to continue a run under another config, on other images, or to a shorter length."""
    stored = run.config
    different = stored.differences(config)
    if run.trained_on.fingerprint != trained_on.fingerprint:
        different.append(f"training images: {run.trained_on.fingerprint} -> {trained_on.fingerprint}")
    if config.images < stored.images:
        different.append(f"images: {stored.images} -> {config.images} (it can be made longer, not shorter)")
    if different:
        raise UserError(
            f"{run.folder} holds a run with other settings:\n  "
            + "\n  ".join(different)
            + "\nGive the settings it was started with to continue it, or another `run` for a new one.",
            option="run",
        )
