"""Configs of a search for near-duplicates: its settings, its images and its files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from ..runtime import REQUIRED, Config, option

DRAWN_DISTANCE = 0.15
"""Limit for pictures of few strokes: two digits of one shape differ by 0.21 or more in any colors."""


@dataclass(frozen=True)
class DedupConfig(Config):
    """Settings of a search for near-duplicates.

    The limit of bits was chosen on 20,000 training images of CIFAR-10, where 98.4 % or more of 500 planted copies of
    each kind were within 15 bits of their originals. The limit of distance was chosen by eye on pairs within 0.5. Of 31
    such pairs in Tiny ImageNet, two were different pictures, and of 300 between CIFAR-10's training and test images,
    three were; within 0.4, none and one were.

    This limit is for photographs. Among 1,000 glyphs, none of them a copy, 75 pairs lie within 0.4. They are digits of
    one shape in other colors, and none lies within 0.2. Of 9 pairs in 3,000 images of SVHN, the three that are one
    picture lie within 0.11, and the others beyond 0.27. The part of a picture that remains without its detail does not
    separate such digits from copies: some of the copies in CIFAR-10 differ in it, in color and light, as much as most
    of those glyphs.
    """

    bits: int = option(15, "Largest number of differing hash bits.", min=0, max=23)
    """Most bits of 128 in which the hashes of two views may differ."""
    distance: float = option(
        0.4,
        "Largest difference of two views, relative to that of either view from itself moved by two pixels. The "
        f"default suits photographs; use {DRAWN_DISTANCE} for digits and drawings.",
        min=0.0,
        max=1.0,
    )
    """Largest difference of two views, relative to the difference of either from itself when moved by two pixels."""
    images_seen: int = option(100_000, "Images shown to each autoencoder.", min=1, kind="count", flag="--images")
    """Images shown to each autoencoder."""
    plants: int = option(500, "Planted copies of each kind.", min=1, kind="count")
    """Planted copies of each kind; fewer if the set has fewer images."""
    seed: int = option(0, "Seed of every random choice.", min=0)


@dataclass(frozen=True)
class DedupPlan(Config):
    """Search in an image set, and its files."""

    verb: ClassVar[str] = "dedup"
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download")

    dataset: str = option(REQUIRED, argument=True)
    """Set whose near-duplicates are removed: a name, a folder or an .h5 file."""
    out: Path = option(REQUIRED, "The .h5 file of the remaining images.", file=True)
    split: Literal["train", "test"] | None = option(
        None, "Split to search.", usual="train; with --against, that set's test split"
    )
    against: str | None = option(
        None, "Remove the images of DATASET's training split that are near-duplicates of images in this set."
    )
    figures: Path | None = option(None, "Folder of figures.", usual="the folder of --out")
    judged: Path | None = option(None, "Reviewed list of pairs.", file=True, exists=True)
    search: DedupConfig = field(default_factory=DedupConfig)
    """Settings of the search."""

    @property
    def stem(self) -> Path:
        """Beginning of the path of every file beside ``out``."""
        return (self.figures or self.out.parent) / self.out.stem
