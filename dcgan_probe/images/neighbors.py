"""Nearest neighbors of images, by the Euclidean distance of their pixels."""

from dataclasses import dataclass

import numpy as np
import torch

from ..runtime import UserError, numpy_generator
from .imageset import ImageSet

QUERIES = 2048
"""Pictures per matrix product."""
CPU = torch.device("cpu")


class NearestSoFar:
    """Search for the nearest image to each picture, over blocks of images that are not stored."""

    def __init__(self, pictures: np.ndarray, device: torch.device = CPU, leave_out: np.ndarray | None = None):
        """Start a search.

        Parameters
        ----------
        pictures
            uint8 (M, channels, H, W).
        device
            Device of the distances.
        leave_out
            int64 (M,): for each picture the position of an image, counted from 0, that is not its neighbor.
        """
        self._pictures, self._device = torch.from_numpy(np.ascontiguousarray(pictures)), device
        # Pixels are centered, so that their squares are small enough for float32 to resolve the differences.
        self._center = torch.from_numpy(pictures.mean(axis=0, dtype=np.float64)).float().to(device)
        self._least = torch.full((len(pictures),), torch.inf, device=device)
        self._places = torch.full((len(pictures),), -1, device=device)
        self._leave_out = None if leave_out is None else torch.from_numpy(leave_out).to(device)
        self._seen = 0

    @property
    def places(self) -> np.ndarray:
        """Position of the nearest image to each picture, int64 (M,); -1 before the first block."""
        return self._places.cpu().numpy()

    def add(self, images: np.ndarray) -> None:
        """Search a block of images, uint8 (n, channels, H, W); of two equally near images the earlier one is kept.

        The first term of ``|q - x|^2 = |q|^2 + |x|^2 - 2 q x`` is the same for all x and is omitted.
        """
        rows = self._centered(torch.from_numpy(np.ascontiguousarray(images)))
        norms = rows.square().sum(1)
        for start in range(0, len(self._pictures), QUERIES):
            part = slice(start, start + QUERIES)
            squares = torch.addmm(norms, self._centered(self._pictures[part]), rows.T, alpha=-2)
            if self._leave_out is not None:
                left_out = self._leave_out[part] - self._seen
                inside = ((left_out >= 0) & (left_out < len(rows))).nonzero().squeeze(1)
                squares[inside, left_out[inside]] = torch.inf
            least, where = squares.min(1)
            nearer = least < self._least[part]
            self._least[part] = torch.where(nearer, least, self._least[part])
            self._places[part] = torch.where(nearer, where + self._seen, self._places[part])
        self._seen += len(images)

    def _centered(self, images: torch.Tensor) -> torch.Tensor:
        """Return the centered pixels of images, float32 (n, pixels)."""
        return (images.to(self._device).float() - self._center).flatten(1)


@dataclass(frozen=True)
class Neighbors:
    """Nearest image of a set to each picture."""

    rows: np.ndarray
    """int64 (n,): row of the nearest image in the set."""
    distances: np.ndarray
    """float64 (n,): root mean square difference of pixels, 0 to 255."""
    mirrored: np.ndarray
    """bool (n,): whether the mirror image of that row is the nearest."""


def nearest_images(
    pictures: np.ndarray, images: ImageSet, device: torch.device = CPU, *, leave_out: np.ndarray | None = None
) -> Neighbors:
    """Find the nearest image or mirror image to each picture; the set is read once, in blocks.

    Parameters
    ----------
    pictures
        uint8 (n, channels, H, W), with the shape of the images of the set.
    images
        Set to search.
    device
        Device of the search.
    leave_out
        int64 (n,): for each picture a row of the set that is not its neighbor, such as the picture itself.

    Raises
    ------
    UserError
        If the pictures have another shape than the set's images.
    """
    if pictures.shape[1:] != images.images.shape[1:]:
        raise UserError(
            f"got pictures of shape {pictures.shape[1:]} (channels, height, width), expected "
            f"{tuple(images.images.shape[1:])}, the shape of the images of {images.name}"
        )
    # The distance of a picture to a mirrored image equals the distance of the mirrored picture to the image.
    both = np.concatenate([pictures, pictures[..., ::-1]])
    search = NearestSoFar(both, device, None if leave_out is None else np.tile(leave_out, 2))
    for block in images.blocks():
        search.add(block)
    found, places = np.unique(search.places, return_inverse=True)
    distances = _distances(both, images.images[found][places])
    mirrored = distances[len(pictures) :] < distances[: len(pictures)]
    chosen = np.arange(len(pictures)) + len(pictures) * mirrored
    return Neighbors(found[places][chosen], distances[chosen], mirrored)


def _distances(pictures: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the exact root mean square pixel differences between the rows of two arrays, float64 (n,)."""
    squares = [
        np.square(one.astype(np.int64) - other).sum(dtype=np.int64) for one, other in zip(pictures, others, strict=True)
    ]
    return np.sqrt(np.array(squares, np.float64) / pictures[0].size)


def usual_distances(images: ImageSet, count: int, seed: int, device: torch.device = CPU) -> np.ndarray:
    """Compute the distances of randomly drawn images of a set to their nearest other image.

    They are the reference for generated images: a copy of a training image is much nearer to the set.

    Parameters
    ----------
    count
        Images to draw; all images if the set has fewer.
    seed
        Seed of the draw.

    Returns
    -------
    numpy.ndarray
        float64 (count,) or fewer: root mean square difference of pixels, 0 to 255.
    """
    drawn = np.sort(numpy_generator(seed, "usual distances").permutation(len(images))[:count])
    return nearest_images(images.images[drawn], images, device, leave_out=drawn).distances
