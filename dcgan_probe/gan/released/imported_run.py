"""Run folders of the authors' released weights.

The authors' nets have no running statistics: batch norm used those of each batch, in training and in sampling. A run
folder stores running statistics, so that the activations of an image and the sample of a z do not depend on the rest of
the batch.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from ...images import ImageSet
from ...networks import NetworkConfig, draw_z, load_generator
from ...runtime import UserError, describe_device, torch_generator
from ...storage import locked
from ..checkpoint import save_checkpoint
from ..run import Run, TrainedOn
from .authors import AuthorsWeights

BATCH, BATCHES = 128, 32
"""Size and number of the batches of z for the generator's statistics."""


def save_authors(
    weights: AuthorsWeights,
    images: ImageSet,
    statistics: Mapping[str, tuple[torch.Tensor, torch.Tensor]],
    folder: str | Path,
    *,
    device: torch.device,
    command: list[str] | None = None,
) -> Run:
    """Write a run folder with the authors' weights, without the state of an optimizer.

    Parameters
    ----------
    images
        Images that gave the statistics; the run requires the same images later.
    statistics
        Mean and variance, float32 (maps,) each, of each normalized layer of the discriminator, by its name.
    device
        Device that computes the generator's statistics.
    command
        Command line to record.

    Raises
    ------
    UserError
        If the folder holds a run already, or the images do not fit the network.
    """
    check_unused(Run(folder))
    check_sides(weights.config.network, images)
    discriminator = dict(weights.discriminator)
    for layer, (mean, variance) in statistics.items():
        discriminator[f"layers.{layer}.norm.running_mean"] = mean.cpu()
        discriminator[f"layers.{layer}.norm.running_var"] = variance.cpu()
    generator = weights.generator
    if generator is not None:
        generator = with_statistics(weights.config.network, generator, weights.config.seed, device)
    run = Run(folder)
    with locked(run.checkpoint_path, wait=False):
        check_unused(run)
        facts = {"position": weights.position, "imported": weights.record()}
        stored = {"discriminator": discriminator, "generator": generator, "optimizers": None, **facts}
        # The authors' set trained the weights; these images are the ones that the run can load.
        trained_on = replace(TrainedOn.of(images), name=weights.released.dataset, images=weights.released.images)
        save_checkpoint(run.checkpoint_path, {**stored, "config": weights.config.to_dict()})
        session = {**facts, "statistics_of": images.name, "device": describe_device(device), "command": command or []}
        run.begin_session(weights.config, trained_on, session)
    return run


def check_unused(run: Run) -> None:
    """Check that a folder holds no run, not even a part of one."""
    if run.exists or run.checkpoint_path.exists():
        raise UserError(f"{run.folder} holds a run already; give another `run`, or move it away first", parameter="run")


def check_sides(network: NetworkConfig, images: ImageSet) -> None:
    """Check that images have the network's shape."""
    expected = (network.nc, network.image_size, network.image_size)
    if tuple(images.images.shape[1:]) != expected:
        raise UserError(
            f"{images.name} has images of {' x '.join(map(str, images.images.shape[1:]))} (channels, height, width), "
            f"but the authors' network takes {' x '.join(map(str, expected))}; make a copy with `dcgan-probe prepare "
            f"{images.name} --size {network.image_size} --channels {network.nc}`",
            parameter="dataset",
        )


def with_statistics(
    network: NetworkConfig, weights: Mapping[str, torch.Tensor], seed: int, device: torch.device
) -> dict[str, torch.Tensor]:
    """Fill in a generator's running statistics: the mean over batches of 128 z of each batch's mean and variance.

    This is the authors' rule for the discriminator, with generated images instead of real ones.
    """
    generator = load_generator(network, weights).to(device).requires_grad_(False).train()
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain mean over all batches
    for number in range(BATCHES):
        generator(draw_z(network, BATCH, torch_generator(seed, "authors' statistics", number)).to(device))
    return {name: tensor.cpu() for name, tensor in generator.state_dict().items()}
