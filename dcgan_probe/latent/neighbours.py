"""Takes pictures and an image set, gives the nearest image of the set to each; knows no network."""

from dataclasses import dataclass

import numpy as np

from ..images import ImageSet
from ..runtime import UserError, numpy_generator


@dataclass(frozen=True)
class Neighbours:
    """The nearest image of a set to each of some pictures."""

    rows: np.ndarray
    """int64 (n,): its row in the set."""
    distances: np.ndarray
    """float64 (n,): root mean square difference of pixels, 0 to 255."""
    mirrored: np.ndarray
    """bool (n,): whether it is the mirror image of that row which is so near."""


def nearest_images(pictures: np.ndarray, images: ImageSet, *, leave_out: np.ndarray | None = None) -> Neighbours:
    """Find the nearest image to each picture, or the nearest mirror image, reading the set once in blocks.

    Parameters
    ----------
    pictures
        uint8 (n, channels, H, W), of the set's shape.
    leave_out
        int64 (n,): a row of the set that is no neighbour of each picture, such as the picture itself.

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
    # |x - y|^2 = |x|^2 - 2 xy + |y|^2; pixels are centred, so that float32 carries the differences.
    # A picture is as far from an image's mirror image as its own mirror image is from the image.
    both = np.concatenate([pictures, pictures[..., ::-1]])
    left_out = None if leave_out is None else np.tile(leave_out, 2)
    queries = both.reshape(len(both), -1).astype(np.float32) - 128
    norms = (queries.astype(np.float64) ** 2).sum(axis=1)
    best, rows = np.full(len(queries), np.inf), np.zeros(len(queries), np.int64)
    start = 0
    for block in images.blocks():
        others = block.reshape(len(block), -1).astype(np.float32) - 128
        squares = norms[:, None] - 2 * (queries @ others.T) + (others**2).sum(axis=1)
        if left_out is not None:
            inside = np.flatnonzero((left_out >= start) & (left_out < start + len(block)))
            squares[inside, left_out[inside] - start] = np.inf
        nearest = squares.argmin(axis=1)
        found = squares[np.arange(len(queries)), nearest]
        better = found < best
        best[better], rows[better] = found[better], start + nearest[better]
        start += len(block)
    mirrored = best[len(pictures) :] < best[: len(pictures)]
    chosen = np.arange(len(pictures)) + len(pictures) * mirrored
    return Neighbours(rows[chosen], np.sqrt(np.maximum(best[chosen], 0.0) / queries.shape[1]), mirrored)


def usual_distances(images: ImageSet, count: int, seed: int) -> np.ndarray:
    """Give the distance of randomly drawn images of a set to their nearest other image, float64 (count or fewer,).

    What the distance of a generated image is to be held against: one that repeats a training image is far nearer.
    """
    drawn = np.sort(numpy_generator(seed, "usual distances").permutation(len(images))[:count])
    return nearest_images(images.images[drawn], images, leave_out=drawn).distances
