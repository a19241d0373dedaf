"""Test of generated images of known classes as training images, by the error of the nearest neighbor.

The paper's supplement: how good are class-conditional samples as training images? A 1-nearest-neighbor classifier on
pixels, with the Euclidean distance, has nothing to choose, so the test images are looked at once. The counts are
nested, and no image is kept: only each test image's nearest one so far.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from ..gan import (
    Run,
    require_conditional,
    sample_blocks,
)
from ..images import Classes, ImageSet, NearestSoFar, match_classes
from ..images.split_caveats import SplitCaveats, balanced_accuracy, split_caveats
from ..runtime import OnNote, OnStep, UserError, Workspace, no_note, no_step, numpy_generator
from ..storage import fingerprint_tensors
from .error_curves import draw_neighbor_curves
from .investigation import Investigation
from .investigation_config import GeneratedConfig
from .result import InvestigationResult

BLOCK = 2048
"""Real images in a block."""
NORMAL_95 = 1.96
UNITS = {
    "error, half_width, chance": "share of the test images, 0 to 1",
    "balanced_error": "mean over the classes of the share of their test images, 0 to 1",
    "majority_accuracy": "of naming the most frequent class of the test images always, 0 to 1",
    "imbalance": "images of the largest class over those of the smallest",
    "duplicates": "test images whose pixels a training image has too",
}

Block = tuple[np.ndarray, np.ndarray]
"""Images uint8 (n, channels, H, W) and their labels int64 (n,)."""


@dataclass(frozen=True)
class NeighborError:
    """Error of the classifier that gives a test image the class of the nearest of some images."""

    fitted_on: str
    """``generated`` or ``real``."""
    count: int
    """Images that the neighbor is one of."""
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


@dataclass(frozen=True, kw_only=True)
class GeneratedResult(InvestigationResult):
    """Test errors on generated and on real images, with their curves; ``report`` makes a table of them."""

    title: str
    """Of table and curves: test images, and images of the run's training."""
    errors: tuple[NeighborError, ...]
    """At each count of generated images, then of real ones."""
    caveats: SplitCaveats


def evaluate_generated(
    run: Run,
    config: GeneratedConfig | None = None,
    *,
    workspace: Workspace | None = None,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> GeneratedResult:
    """Fit a 1-nearest-neighbor classifier on a conditional run's samples, next to one on real images.

    Both are tested on the set's test split, the real one at those counts that the training images reach and on all of
    them.

    Parameters
    ----------
    workspace
        Where the real images lie, and the device; the folder ``data`` by default.
    on_step, on_note
        Called with the progress of each step, and with notes in words.

    Raises
    ------
    UserError
        If the run is not conditional, or the images have another shape or other classes.
    """
    config = config or GeneratedConfig()
    look = Investigation(run, config, workspace, on_step, on_note, conditional=True)
    require_conditional(run)
    name, counts = config.dataset or run.config.dataset, list(config.counts)
    train, test = (with_classes_of(run, look.load(name, split)) for split in ("train", "test"))
    reached = [*(each for each in counts if each < len(train)), len(train)]
    samples = sample_blocks(look.generator, counts[-1], seed=look.seed, device=look.device)
    errors = [
        *_errors(look, "generated", samples, counts, test),
        *_errors(look, "real", shuffled_blocks(train, look.seed), reached, test),
    ]
    title = f"{test.name}, {len(test):,} test images; generated after {run.load()['position']:,} images of training"
    caveats = split_caveats(train.require_labels("eval-generated"), test.require_labels("eval-generated"), train, test)
    chance = 1 - 1 / run.config.network.classes
    return look.result(
        GeneratedResult,
        numbers={
            "dataset": test.name,
            "train_fingerprint": train.fingerprint,
            "test_fingerprint": test.fingerprint,
            "generator": fingerprint_tensors(look.generator.state_dict()),
            "units": UNITS,
            "chance": chance,
            **asdict(caveats),
            "errors": [{**asdict(each), "error": each.error, "half_width": each.half_width} for each in errors],
        },
        pictures={".png": draw_neighbor_curves(errors, title, chance)},
        summary=tuple(
            f"fitted on {each.count:,} {each.fitted_on} images: error {each.error:.4f} +- {each.half_width:.4f}"
            for each in errors
        ),
        title=title,
        errors=tuple(errors),
        caveats=caveats,
    )


def _errors(
    look: Investigation, fitted_on: str, blocks: Iterable[Block], counts: Sequence[int], test: ImageSet
) -> list[NeighborError]:
    counter = look.counter(f"nearest {fitted_on} images", counts[-1])
    return neighbor_errors(fitted_on, blocks, counts, test, look.device, counter)


def with_classes_of(run: Run, images: ImageSet) -> ImageSet:
    """Return images with their labels numbered as in a conditional run; raise an error for other shapes or classes."""
    network = run.config.network
    images.require_labels("eval-generated")
    shape, expected = tuple(images.images.shape[1:]), (network.nc, network.image_size, network.image_size)
    if shape != expected:
        raise UserError(
            f"{images.name} has images of {shape} (channels, height, width), but {run.folder} generates {expected}; "
            f"make a copy with `dcgan-probe prepare {images.name} --size {expected[1]} --channels {expected[0]}`",
            parameter="dataset",
        )
    if images.classes != network.classes:
        raise UserError(
            f"{images.name} ({images.split}) has {images.classes} classes, but {run.folder} is conditional on "
            f"{network.classes}; take the set that trained it, or one of the same classes",
            parameter="dataset",
        )
    return match_classes(images, Classes(run.trained_on.class_names, np.arange(network.classes), str(run.folder)))


def neighbor_errors(
    fitted_on: str,
    blocks: Iterable[Block],
    counts: Sequence[int],
    test: ImageSet,
    device: torch.device,
    on_progress: Callable[[int], None] | None = None,
) -> list[NeighborError]:
    """Return the test error of the nearest neighbor among the first ``count`` images, for each count.

    Parameters
    ----------
    fitted_on
        What the images are.
    blocks
        At least as many images as the largest count, in blocks of any size.
    counts
        Increasing.
    test
        Labeled images of the same shape.
    on_progress
        Called with the number of images searched.
    """
    known = test.require_labels("a test error")
    nearest, found = NearestSoFar(test.images[:], device), []
    searched = np.empty(0, np.int64)  # labels of all images so far
    for images, labels in _cut(blocks, counts):
        nearest.add(images)
        searched = np.concatenate([searched, labels])
        if on_progress is not None:
            on_progress(len(searched))
        if len(searched) in counts:
            told = searched[nearest.places]
            balanced_error = 1.0 - balanced_accuracy(told, known)
            wrong = int((told != known).sum())
            found.append(NeighborError(fitted_on, len(searched), wrong, len(known), balanced_error))
    return found


def _cut(blocks: Iterable[Block], counts: Sequence[int]) -> Iterator[Block]:
    """Yield blocks that end at every count, up to the last count."""
    done = 0
    for block, labels in blocks:
        images = block[: counts[-1] - done]
        ends = [count - done for count in counts if 0 < count - done < len(images)]
        for start, stop in zip([0, *ends], [*ends, len(images)], strict=True):
            yield images[start:stop], labels[start:stop]
        done += len(images)
        if done == counts[-1]:
            return


def shuffled_blocks(images: ImageSet, seed: int, rows: int = BLOCK) -> Iterator[Block]:
    """Yield the images of a labeled set, read whole, in random order."""
    labels, pixels = images.require_labels("a nearest neighbor"), images.images[:]
    order = numpy_generator(seed, images.name, "nearest neighbours").permutation(len(images))
    for start in range(0, len(order), rows):
        chosen = order[start : start + rows]
        yield pixels[chosen], labels[chosen]
