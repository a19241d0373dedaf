"""Weights of the networks that the authors released, read from a folder of arrays.

A released net is a folder ``models/NAME/`` of arrays exported by joblib, numbered from 01 in the order of the network::

    200_discrim_params.jl_01.npy ...   convolution; convolution, gain, bias per layer; output (units, 1)
    200_gen_params.jl_01.npy ...       product (nz, units), gain, bias; convolution, gain, bias per layer; convolution
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...networks import Discriminator, Generator, NetworkConfig
from ...runtime import UserError
from ...storage import fingerprint_blocks
from ..config import AUTHORS, TrainConfig
from .authors_files import find_arrays, read_array
from .authors_layout import blank_network, expected_shapes, to_state_dict


@dataclass(frozen=True)
class Released:
    """Training data and folder of a released network."""

    dataset: str
    """Name of the image set."""
    images: int
    """Number of images in the set."""
    folder: str
    """Name of the net's folder in ``models/`` of the authors' repository."""

    def images_seen(self, epoch: int | None) -> int:
        """Return the number of real images that D has seen after ``epoch`` epochs; 0 if the epoch is unknown.

        The number is inferred: the authors' loop shows D every second mini-batch.
        """
        return 0 if epoch is None else epoch * self.images // 2


RELEASED = {
    "svhn32": Released("svhn", 63_257, "svhn_unsup_all_conv_dcgan_100z_gaussian_lr_0.0005_64mb"),
    "imagenet32": Released("imagenet", 1_281_167, "imagenet_gan_pretrain_128f_relu_lrelu_7l_3x3_256z"),
}
"""Released networks by the preset of the same architecture. SVHN's training images exclude the 10,000 of the validation
split."""


@dataclass(frozen=True, eq=False)
class AuthorsWeights:
    """A released net in this project's layout."""

    config: TrainConfig
    """Config of the preset, named ``authors-NAME``; its network ends before the first layer that lacks an array."""
    released: Released
    discriminator: dict[str, torch.Tensor]
    """State dict; NaN where the arrays hold no value: in the running statistics, and in a missing output layer."""
    generator: dict[str, torch.Tensor] | None
    """State dict with NaN in the running statistics; None if the generator cannot be used."""
    without_generator: str
    """Reason for the missing generator; empty if there is one."""
    folder: str
    epoch: int | None
    """Epoch of the authors' loop, from the file names; None if the names do not contain it."""
    missing: dict[str, list[str]]
    """Names of the missing files, by the discriminator layer that lacks them."""
    fingerprints: dict[str, str]
    """Hash of each array read, by file name."""

    @property
    def position(self) -> int:
        """Real images seen by the discriminator; 0 if unknown."""
        return self.released.images_seen(self.epoch)

    def record(self) -> dict[str, Any]:
        """Return the facts of the import that a run folder stores, JSON-serializable."""
        return {
            "folder": self.folder,
            "epoch": self.epoch,
            "missing": self.missing,
            "without_generator": self.without_generator,
            "arrays": self.fingerprints,
        }


def read_authors(folder: str | Path, configs: Sequence[TrainConfig]) -> AuthorsWeights:
    """Read the arrays of one released net, identified by their shapes.

    The discriminator ends before its first layer that lacks an array. The generator mirrors the whole discriminator,
    and is omitted if either network lacks a layer. The pickle beside the arrays is not opened.

    Parameters
    ----------
    configs
        Candidate networks; the preset of each is a key of ``RELEASED``.

    Raises
    ------
    UserError
        If the folder holds no such arrays or lacks the first one, an array cannot be read or is not finite, or the
        shapes fit none of the networks.
    """
    folder = Path(folder)
    prefix, files = find_arrays(folder)
    arrays = {number: read_array(path) for number, path in files["discrim"].items()}
    if 1 not in arrays:
        raise UserError(
            f"{folder} lacks {prefix}discrim_params.jl_01.npy, the first convolution, without which no layer can be "
            "used; restore it from the authors' repository"
        )
    config = choose_config(folder, arrays, configs)
    network, missing = whole_layers(config.network, arrays)
    if network != config.network:
        arrays = {number: array for number, array in arrays.items() if number <= 3 * len(network.strides) - 2}
    without_generator, generator_arrays = _read_generator(folder, prefix, files["gen"], config, network)
    read = {files["discrim"][number].name: array for number, array in arrays.items()}
    read |= {files["gen"][number].name: array for number, array in generator_arrays.items()}
    epoch, released = re.fullmatch(r"(\d+)_", prefix), RELEASED[config.preset]
    position = released.images_seen(int(epoch[1]) if epoch else None)
    return AuthorsWeights(
        config=replace(config, preset=_name(config, network), network=network, images=position or config.images),
        released=released,
        discriminator=to_state_dict(Discriminator, network, arrays),
        generator=to_state_dict(Generator, network, generator_arrays) if generator_arrays else None,
        without_generator=without_generator,
        folder=str(folder),
        epoch=int(epoch[1]) if epoch else None,
        missing={
            layer: [f"{prefix}discrim_params.jl_{number:02d}.npy" for number in numbers]
            for layer, numbers in missing.items()
        },
        fingerprints={name: fingerprint_blocks(array.shape, [array]) for name, array in read.items()},
    )


def _name(config: TrainConfig, network: NetworkConfig) -> str:
    """Return the name of a net for tables: the authors' preset, with the layers if some are missing."""
    part = "" if network == config.network else f" ({network.layer_names[0]}-{network.layer_names[-1]})"
    return f"{AUTHORS}{config.preset}{part}"


def _read_generator(
    folder: Path, prefix: str, files: Mapping[int, Path], config: TrainConfig, network: NetworkConfig
) -> tuple[str, dict[int, np.ndarray]]:
    """Return an empty reason and the generator's arrays, or the reason why it cannot be used and no arrays."""
    if not files:
        return f"{folder} holds no {prefix}gen_params.jl_NN.npy", {}
    arrays = {number: read_array(path) for number, path in files.items()}
    shapes = expected_shapes(Generator, config.network)
    if not fits(arrays, shapes):
        raise UserError(misfit(f"the generator's arrays in {folder} do not fit", arrays, {config.preset: shapes}))
    lacking = ", ".join(f"{number:02d}" for number in range(1, len(shapes) + 1) if number not in arrays)
    if lacking:
        return f"{folder} lacks {lacking} of {prefix}gen_params.jl_01.npy to {len(shapes):02d}", {}
    if network != config.network:
        return "it mirrors the whole discriminator, which lacks layers", {}
    return "", arrays


def fits(arrays: Mapping[int, np.ndarray], shapes: Sequence[tuple[int, ...]]) -> bool:
    """Return whether each array has the shape expected at its number."""
    return all(1 <= number <= len(shapes) and each.shape == shapes[number - 1] for number, each in arrays.items())


def choose_config(folder: Path, arrays: Mapping[int, np.ndarray], configs: Sequence[TrainConfig]) -> TrainConfig:
    """Return the config whose discriminator the arrays fit.

    Raises
    ------
    UserError
        If no config fits; the message lists the shapes found and the shapes that each network expects.
    """
    shapes = {config.preset: expected_shapes(Discriminator, config.network) for config in configs}
    for config in configs:
        if fits(arrays, shapes[config.preset]):
            return config
    raise UserError(misfit(f"the arrays in {folder} fit no released discriminator", arrays, shapes))


def misfit(what: str, arrays: Mapping[int, np.ndarray], shapes: Mapping[str, Sequence[tuple[int, ...]]]) -> str:
    """Build a message that lists the shapes found and the shapes expected."""

    def listed(numbered: Mapping[int, tuple[int, ...]]) -> str:
        return ", ".join(f"{number:02d} {shape}" for number, shape in sorted(numbered.items()))

    lines = [f"  found: {listed({number: array.shape for number, array in arrays.items()})}"]
    lines += [f"  expected for {name}: {listed(dict(enumerate(known, 1)))}" for name, known in shapes.items()]
    return "\n".join([f"{what}:", *lines, "Give a folder of models/ in the authors' repository."])


def whole_layers(network: NetworkConfig, arrays: Mapping[int, Any]) -> tuple[NetworkConfig, dict[str, list[int]]]:
    """Cut a network before its first layer that lacks an array; also return the numbers that each layer lacks."""
    missing: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(blank_network(Discriminator, network).named_parameters(), 1):
        if number not in arrays:
            layer = name.removeprefix("layers.").partition(".")[0]
            missing.setdefault(layer, []).append(number)
    lacking = [index for index, layer in enumerate(network.layer_names) if layer in missing]
    whole = min(lacking, default=len(network.strides))
    return replace(network, multipliers=network.multipliers[:whole], strides=network.strides[:whole]), missing
