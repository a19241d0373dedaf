"""Maps of a generator that draw boxed objects, and the generator without them.

In the paper's experiment, a logistic regression separates positions inside of the boxes from random positions of the
same images, by the activations of G's second highest convolution layer. Maps with a weight above 0 are dropped at all
positions. The activations are not scaled: after a ReLU they are at least 0, so a positive weight means that the map
indicates the object wherever it is active.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from ..features import choose_layer
from ..gan import generate
from ..linear import fit_path
from ..networks import Generator, load_generator
from ..runtime import UserError, numpy_generator
from .attribute_probes import balanced_accuracy

BOX_PENALTY = 1.0
"""C of the regression, over a sum of positions, so that thousands of positions outweigh the penalty. The paper gives no
value."""
HELD_OUT = 0.25
"""Share of the boxed images that evaluate the regression. Positions of one image are alike, so images are held out, not
positions."""


def object_layer(generator: Generator, asked: str | None) -> str:
    """Return the name of a layer, given by name or by number from 1; None means the second highest, as in the paper.

    The highest layer outputs the image itself, and cannot be chosen.

    Raises
    ------
    UserError
        If the layer does not exist, or the generator has a single convolution.
    """
    if not generator.layers:
        raise UserError("got a generator with one convolution, expected two or more", parameter="run")
    return choose_layer(asked, list(generator.layers))


def layer_maps(generator: Generator, layer: str, z: np.ndarray, device: torch.device) -> np.ndarray:
    """Return the activations of a layer after its ReLU, float32 (N, maps, h, w), for z float32 (N, nz)."""
    blocks: list[torch.Tensor] = []
    handle = generator.layers[layer].register_forward_hook(lambda module, inputs, maps: blocks.append(maps.cpu()))
    try:
        generate(generator, torch.from_numpy(z), device)
    finally:
        handle.remove()
    return torch.cat(blocks).float().numpy()


def without_maps(generator: Generator, layer: str, dropped: np.ndarray) -> Generator:
    """Return a copy of a generator in which some maps of a layer, integers, are 0 at all positions.

    Raises
    ------
    UserError
        If the layer has no such map.
    """
    copy = load_generator(generator.config, generator.state_dict())
    maps = count_maps(generator, layer)
    if len(dropped) and not 0 <= min(dropped) <= max(dropped) < maps:
        raise UserError(f"got map {max(dropped)} of {layer}, expected 0 to {maps - 1}", parameter="map")
    kept = torch.ones(maps, 1, 1)
    kept[dropped] = 0.0
    copy.layers[layer].register_forward_hook(partial(_multiply, kept))
    return copy


def _multiply(kept: torch.Tensor, module: nn.Module, inputs: tuple[torch.Tensor], maps: torch.Tensor) -> torch.Tensor:
    return maps * kept.to(maps)


def count_maps(generator: Generator, layer: str) -> int:
    """Return the number of maps of a layer."""
    multipliers = generator.config.multipliers[::-1]
    return generator.config.ngf * multipliers[list(generator.layers).index(layer) + 1]


@dataclass(frozen=True)
class ObjectMaps:
    """Regression of an object on the maps of a layer."""

    weights: np.ndarray
    """float64 (maps,): above 0 for maps that are active where the object is."""
    balanced_accuracy: float
    """Balanced accuracy on positions of images that did not fit the regression; 0.5 is chance."""
    positions: int
    """Number of positions that fitted the regression, about half of them in boxes."""
    held_out: int
    """Number of positions that evaluated the regression."""

    def drawing(self, top: int | None = None) -> np.ndarray:
        """Return the maps with a weight above 0, the largest first, or the first ``top`` of them: int64 (n,)."""
        order = np.argsort(-self.weights, kind="stable")
        return order[self.weights[order] > 0][:top]


def find_object(maps: np.ndarray, boxed: np.ndarray, seed: int) -> ObjectMaps:
    """Fit the regression on three quarters of the images, and evaluate it on the rest.

    Parameters
    ----------
    maps
        float32 (N, maps, h, w), the activations of boxed samples.
    boxed
        bool (N, h, w): positions inside of the boxes, at least one in each sample.
    seed
        Seed of the split of the images, and of the positions outside of the boxes.

    Raises
    ------
    UserError
        If there are fewer than two images, or the boxes cover all images of a part.
    """
    if len(maps) < 2:
        raise UserError(
            "got boxes on one sample, expected boxes on at least two: one or more to fit, the others to evaluate",
            parameter="boxes",
        )
    random = numpy_generator(seed, "positions")
    order = random.permutation(len(maps))
    held = max(1, round(HELD_OUT * len(maps)))
    train_X, train_y = _positions(maps, boxed, order[held:], random)
    test_X, test_y = _positions(maps, boxed, order[:held], random)
    [fit] = fit_path(train_X, train_y.astype(np.int64), [BOX_PENALTY], classifier="logistic", intercept="free")
    judged = balanced_accuracy(fit.decision(test_X) > 0, test_y)
    return ObjectMaps(fit.coefficients[0], judged, len(train_X), len(test_X))


def _positions(
    maps: np.ndarray, boxed: np.ndarray, images: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return activations (P, maps) of all boxed positions and as many others of each image, and labels bool (P,)."""
    features, labels = [], []
    for image in images:
        vectors, within = maps[image].reshape(maps.shape[1], -1).T, boxed[image].ravel()
        outside = random.permutation(np.flatnonzero(~within))[: within.sum()]
        features += [vectors[within], vectors[outside]]
        labels += [np.ones(within.sum(), bool), np.zeros(len(outside), bool)]
    is_boxed = np.concatenate(labels)
    if is_boxed.all():
        raise UserError("got boxes that cover all of their samples, expected some positions outside", parameter="boxes")
    return np.concatenate(features), is_boxed


def pixel_change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the absolute difference of uint8 images, 0 to 255, as means over the channels: float64 (N, H, W)."""
    return np.abs(after.astype(np.float64) - before).mean(axis=1)


def contrast(images: np.ndarray) -> np.ndarray:
    """Return the contrast of each image: the standard deviation of its pixels, 0 to 127.5, float64 (N,)."""
    return images.reshape(len(images), -1).std(axis=1, dtype=np.float64)


def difference_images(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, int]:
    """Return differences as pictures uint8, all on one scale, and the scale: the largest difference, 1 to 255.

    Gray means no change, white means lighter by the scale, and black means darker by the scale.
    """
    difference = after.astype(np.int16) - before
    scale = max(1, int(np.abs(difference).max()))
    return (127.5 + 127.5 * difference / scale).round().astype(np.uint8), scale


def map_images(maps: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """Return activations as pictures uint8 (n, 1, side, side), and the activation that is white; black is 0.

    Parameters
    ----------
    maps
        float32 (n, h, w), one map of each sample, at least 0.
    side
        Side of the samples in pixels, a multiple of h and w.
    """
    scale = float(maps.max())
    pictures = (255 * maps / (scale or 1.0)).round().astype(np.uint8)
    return pictures.repeat(side // maps.shape[1], axis=1).repeat(side // maps.shape[2], axis=2)[:, None], scale
