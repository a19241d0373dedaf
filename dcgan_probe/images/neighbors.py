"""Nearest images to some pictures, by the Euclidean distance of their pixels."""

from dataclasses import dataclass

import numpy as np
import torch

from ..runtime import UserError, numpy_generator
from .imageset import ImageSet

QUERIES = 2048
"""Pictures in one product of blocks."""
CPU = torch.device("cpu")


class NearestSoFar:
    """The nearest of all images so far to each of some pictures; no image is kept."""

    def __init__(self, pictures: np.ndarray, device: torch.device = CPU, leave_out: np.ndarray | None = None):
        """Begin a search.

        Parameters
        ----------
        pictures
            uint8 (M, channels, H, W).
        leave_out
            int64 (M,): the place of an image, counted from 0, that is no neighbor of each picture.
        """
        self._pictures, self._device = torch.from_numpy(np.ascontiguousarray(pictures)), device
        # Distances are those of centered pixels, whose squares are smaller: float32 carries the differences.
        self._center = torch.from_numpy(pictures.mean(axis=0, dtype=np.float64)).float().to(device)
        self._least = torch.full((len(pictures),), torch.inf, device=device)
        self._places = torch.full((len(pictures),), -1, device=device)
        self._leave_out = None if leave_out is None else torch.from_numpy(leave_out).to(device)
        self._seen = 0

    @property
    def places(self) -> np.ndarray:
        """Place of each picture's nearest image among all images so far, int64 (M,); -1 before there is one."""
        return self._places.cpu().numpy()

    def add(self, images: np.ndarray) -> None:
        """Search some more images, uint8 (n, channels, H, W); of two that are as near, the earlier one stays.

        ``|q - x|^2 = |q|^2 + |x|^2 - 2 q x``, of which the first term is the same for all x.
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
        """Return float32 (n, pixels)."""
        return (images.to(self._device).float() - self._center).flatten(1)


@dataclass(frozen=True)
class Neighbors:
    """The nearest image of a set to each of some pictures."""

    rows: np.ndarray
    """int64 (n,): its row in the set."""
    distances: np.ndarray
    """float64 (n,): root mean square difference of pixels, 0 to 255."""
    mirrored: np.ndarray
    """bool (n,): whether it is the mirror image of that row which is so near."""


def nearest_images(
    pictures: np.ndarray, images: ImageSet, device: torch.device = CPU, *, leave_out: np.ndarray | None = None
) -> Neighbors:
    """Find the nearest image to each picture, or the nearest mirror image, reading the set once in blocks.

    Parameters
    ----------
    pictures
        uint8 (n, channels, H, W), of the set's shape.
    leave_out
        int64 (n,): a row of the set that is no neighbor of each picture, such as the picture itself.

    Raises
    ------
    UserError
        If the pictures have another shape than the set's images.
    """
    if pictures.shape[1:] != images.images.shape[1:]:
        raise UserError(
            f"got pictures of {pictures.shape[1:]} (channels, height, width), but {images.name} has images of "
            f"{tuple(images.images.shape[1:])}"
        )
    # A picture is as far from an image's mirror image as its own mirror image is from the image.
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
    """Return the exact root mean square differences of pixels, float64 (n,), of the rows of two arrays."""
    squares = [
        np.square(one.astype(np.int64) - other).sum(dtype=np.int64) for one, other in zip(pictures, others, strict=True)
    ]
    return np.sqrt(np.array(squares, np.float64) / pictures[0].size)


def usual_distances(images: ImageSet, count: int, seed: int, device: torch.device = CPU) -> np.ndarray:
    """Return the distance of randomly drawn images of a set to their nearest other image, float64 (count or fewer,).

    The distance of a generated image is held against it: one that repeats a training image is far nearer.
    """
    drawn = np.sort(numpy_generator(seed, "usual distances").permutation(len(images))[:count])
    return nearest_images(images.images[drawn], images, device, leave_out=drawn).distances
