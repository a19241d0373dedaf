"""``dcgan-probe eval-generated``: how well generated images of known classes teach a nearest-neighbour classifier."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from ..evaluation import Block, NeighbourError, check_counts, neighbour_errors, shuffled_blocks, split_caveats
from ..gan import Run
from ..images import Classes, ImageSet, match_classes
from ..latent import require_conditional, sample_blocks
from ..report import format_neighbour_errors, save_neighbour_curves
from ..runtime import UserError
from ..storage import fingerprint_tensors
from .investigations import Investigation


def eval_generated_verb(dataset: str | None, counts: tuple[int, ...], **common: Any) -> None:
    """Fit a 1-nearest-neighbour classifier on a conditional run's samples, next to one on real images."""
    check_counts(counts)
    look = Investigation(["-".join(map(str, counts)), *([dataset] if dataset else [])], conditional=True, **common)
    require_conditional(look.run)
    name = dataset or look.run.config.dataset
    train, test = (with_classes_of(look.run, look.load(name, split)) for split in ("train", "test"))

    def errors(fitted_on: str, blocks: Iterable[Block], steps: list[int]) -> list[NeighbourError]:
        with look.progress(f"nearest {fitted_on} images", steps[-1], "images") as progress:
            return neighbour_errors(fitted_on, blocks, steps, test, look.device, progress.update)

    drawn = sample_blocks(look.generator, counts[-1], seed=look.seed, device=look.device)
    found = errors("generated", drawn, list(counts))
    reached = [count for count in counts if count < len(train)]
    found += errors("real", shuffled_blocks(train, look.seed), [*reached, len(train)])
    title = (
        f"{test.name}, {len(test):,} test images; generated after {look.run.load()['position']:,} images of training"
    )
    caveats = split_caveats(train.require_labels("eval-generated"), test.require_labels("eval-generated"), train, test)
    chance = 1 - 1 / look.run.config.network.classes
    save_neighbour_curves(look.path(), found, title, chance)
    look.finish(
        {
            "dataset": test.name,
            "train_fingerprint": train.fingerprint,
            "test_fingerprint": test.fingerprint,
            "generator": fingerprint_tensors(look.generator.state_dict()),
            "units": {
                "error, half_width, chance": "share of the test images, 0 to 1",
                "balanced_error": "mean over the classes of the share of their test images, 0 to 1",
                "majority_accuracy": "of naming the most frequent class of the test images always, 0 to 1",
                "imbalance": "images of the largest class over those of the smallest",
                "duplicates": "test images whose pixels a training image has too",
            },
            "chance": chance,
            **asdict(caveats),
            "errors": [{**asdict(each), "error": each.error, "half_width": each.half_width} for each in found],
        },
        format_neighbour_errors(found, title, caveats).splitlines(),
    )


def with_classes_of(run: Run, images: ImageSet) -> ImageSet:
    """Return images with their labels numbered as a conditional run does; refuse other shapes and classes."""
    network = run.config.network
    images.require_labels("eval-generated")
    shape, expected = tuple(images.images.shape[1:]), (network.nc, network.image_size, network.image_size)
    if shape != expected:
        raise UserError(
            f"{images.name} has images of {shape} (channels, height, width), but {run.folder} generates {expected}; "
            f"make a copy with `dcgan-probe prepare {images.name} --size {expected[1]} --channels {expected[0]}`",
            option="dataset",
        )
    if images.classes != network.classes:
        raise UserError(
            f"{images.name} ({images.split}) has {images.classes} classes, but {run.folder} is conditional on "
            f"{network.classes}; take the set that trained it, or one of the same classes",
            option="dataset",
        )
    return match_classes(images, Classes(run.trained_on.class_names, np.arange(network.classes), str(run.folder)))
