"""Takes blocks of labelled images and growing counts, gives the test error of the nearest neighbour at each count.

The paper's supplement: how good are class-conditional samples as training images? A 1-nearest-neighbour classifier on
pixels, with the Euclidean distance, has nothing to choose, so the test images are looked at once. The counts are
nested, and no image is kept: only each test image's nearest one so far.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from ..images import ImageSet
from ..runtime import UserError, numpy_generator
from .caveats import balanced_accuracy

QUERIES = 2048
"""Test images in one product of blocks."""
NORMAL_95 = 1.96

Block = tuple[np.ndarray, np.ndarray]
"""Images uint8 (n, channels, H, W) and their labels int64 (n,)."""


@dataclass(frozen=True)
class NeighbourError:
    """How often the nearest of some images has another class than a test image."""

    fitted_on: str
    """``generated`` or ``real``."""
    count: int
    """Images that the neighbour is one of."""
    wrong: int
    tested: int
    """Test images."""
    balanced_error: float
    """Mean over the classes of the share of their test images that is classified wrongly, 0 to 1."""

    @property
    def error(self) -> float:
        """Share of the test images, 0 to 1."""
        return self.wrong / self.tested

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval of the error by the normal approximation, over test images."""
        return NORMAL_95 * float(np.sqrt(self.error * (1 - self.error) / self.tested))


class NearestSoFar:
    """The label of the nearest of all images so far, for each test image."""

    def __init__(self, images: np.ndarray, device: torch.device):
        """Keep the test images, uint8 (M, channels, H, W)."""
        self._images, self._device = torch.from_numpy(images), device
        # Distances are those of centred pixels, whose squares are smaller: float32 carries the differences.
        self._centre = torch.from_numpy(images.mean(axis=0, dtype=np.float64)).float().to(device)
        self._least = torch.full((len(images),), torch.inf, device=device)
        self._labels = torch.full((len(images),), -1, device=device)

    @property
    def labels(self) -> np.ndarray:
        """The labels, int64 (M,); -1 before there is an image."""
        return self._labels.cpu().numpy()

    def add(self, images: np.ndarray, labels: np.ndarray) -> None:
        """Look at some more images; of two that are as near, the earlier one stays.

        ``|q - x|^2 = |q|^2 + |x|^2 - 2 q x``, of which the first term is the same for all x.
        """
        rows, known = self._centred(torch.from_numpy(images)), torch.from_numpy(labels).to(self._device)
        squares = rows.square().sum(1)
        for start in range(0, len(self._images), QUERIES):
            part = slice(start, start + QUERIES)
            queries = self._centred(self._images[part])
            least, where = torch.addmm(squares, queries, rows.T, alpha=-2).min(1)
            nearer = least < self._least[part]
            self._least[part] = torch.where(nearer, least, self._least[part])
            self._labels[part] = torch.where(nearer, known[where], self._labels[part])

    def _centred(self, images: torch.Tensor) -> torch.Tensor:
        """Give float32 (n, pixels)."""
        return (images.to(self._device).float() - self._centre).flatten(1)


def neighbour_errors(
    fitted_on: str,
    blocks: Iterable[Block],
    counts: Sequence[int],
    test: ImageSet,
    device: torch.device,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[NeighbourError]:
    """Give the test error of the nearest neighbour among the first ``count`` images, for each count.

    Parameters
    ----------
    fitted_on
        What the images are.
    blocks
        At least as many images as the largest count, in blocks of any size.
    counts
        Increasing.
    test
        Labelled images of the same shape.
    on_progress
        Called with the number of images looked at.
    """
    known = test.require_labels("a test error")
    nearest, found = NearestSoFar(test.images[:], device), []
    for done, images, labels in _cut(blocks, counts):
        nearest.add(images, labels)
        on_progress(done)
        if done in counts:
            balanced_error = 1.0 - balanced_accuracy(nearest.labels, known)
            found.append(
                NeighbourError(fitted_on, done, int((nearest.labels != known).sum()), len(known), balanced_error)
            )
    return found


def _cut(blocks: Iterable[Block], counts: Sequence[int]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Give blocks that end at every count, each with the images so far, up to the last count."""
    done = 0
    for block, labels in blocks:
        images = block[: counts[-1] - done]
        ends = [count - done for count in counts if 0 < count - done < len(images)]
        for start, stop in zip([0, *ends], [*ends, len(images)], strict=True):
            yield done + stop, images[start:stop], labels[start:stop]
        done += len(images)
        if done == counts[-1]:
            return


def shuffled_blocks(images: ImageSet, seed: int, rows: int = QUERIES) -> Iterator[Block]:
    """Give the images of a labelled set, read whole, in random order."""
    labels, pixels = images.require_labels("a nearest neighbour"), images.images[:]
    order = numpy_generator(seed, images.name, "nearest neighbours").permutation(len(images))
    for start in range(0, len(order), rows):
        chosen = order[start : start + rows]
        yield pixels[chosen], labels[chosen]


def check_counts(counts: Sequence[int]) -> None:
    """Refuse counts that do not grow.

    Raises
    ------
    UserError
        If there is none, one is below 1, or they do not increase.
    """
    if not counts or counts[0] < 1 or any(a >= b for a, b in pairwise(counts)):
        raise UserError(
            f"got the counts {', '.join(map(str, counts)) or '(none)'}, expected increasing numbers from 1 on, such as "
            "1000,10000,100000",
            option="counts",
        )
