"""Checks of a run before training, and the checkpoint to resume from."""

from typing import Any

from ..images import ImageSet
from ..runtime import Ranks, UserError
from .config import TrainConfig
from .run import Run, TrainedOn


def stored_state(run: Run, config: TrainConfig, trained_on: TrainedOn) -> dict[str, Any] | None:
    """Read the checkpoint to resume from; None for a run that was never saved, which has nothing to protect.

    Raises
    ------
    UserError
        If the checkpoint belongs to another run, or cannot be resumed.
    """
    if not run.checkpoint_path.exists():
        return None
    stored = run.load_last()
    if stored["optimizers"] is None:
        raise UserError(
            f"{run.folder} holds imported weights, without the optimizers' state that training resumes from; "
            "give another `run` to train",
            parameter="run",
        )
    check_same_run(run, config, trained_on)
    return stored


def check_images(config: TrainConfig, images: ImageSet) -> None:
    """Check that images have the shape, and for conditional networks the classes, that the networks expect."""
    network = config.network
    expected = (network.nc, network.image_size, network.image_size)
    if tuple(images.images.shape[1:]) != expected:
        channels, height, width = images.images.shape[1:]
        raise UserError(
            f"{images.name} has images of {channels} x {height} x {width} (channels, height, width), but the "
            f"{config.preset} networks take {' x '.join(map(str, expected))}; use `dcgan-probe prepare --size "
            f"{network.image_size}`, `nc={channels}`, or a preset of that size",
            parameter="dataset",
        )
    if network.classes:
        images.require_labels("a conditional network")
        if images.classes != network.classes:
            raise UserError(
                f"{images.name} has {images.classes} classes, but the {config.preset} networks are conditional on "
                f"{network.classes}; omit `classes` to use those of the images",
                parameter="classes",
            )


def check_parts(config: TrainConfig, ranks: Ranks) -> None:
    """Check that the number of ranks divides a batch into parts that batch norm can normalize."""
    part = ranks.part(config.batch_size)
    if part.stop - part.start < 2 and not config.sync_norm:
        raise UserError(
            f"got a batch of {config.batch_size} for {ranks.size} ranks, expected at least 2 images a rank: batch norm "
            "needs a batch; use fewer ranks, a larger batch, or `sync_norm=True`",
            parameter="batch_size",
        )


def check_same_run(run: Run, config: TrainConfig, trained_on: TrainedOn) -> None:
    """Check that a run is resumed with its own config, on its own images, and for at least its own length."""
    stored = run.config
    different = stored.differences(config)
    if run.trained_on.fingerprint != trained_on.fingerprint:
        different.append(f"training images: {run.trained_on.fingerprint} -> {trained_on.fingerprint}")
    if config.images < stored.images:
        different.append(f"images: {stored.images} -> {config.images} (a run can be extended, not shortened)")
    if different:
        raise UserError(
            f"{run.folder} holds a run with other settings:\n  "
            + "\n  ".join(different)
            + "\nGive the original settings to resume it, or another `run` to start a new one.",
            parameter="run",
        )
