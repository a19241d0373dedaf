"""Configs of a search for near-duplicates: how it is made, in which images, and where its files lie."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from ..runtime import REQUIRED, Config, option

DRAWN_DISTANCE = 0.15
"""A limit for pictures of few strokes: two digits of one shape differ by 0.21 or more, whatever their colours."""


@dataclass(frozen=True)
class DedupConfig(Config):
    """How to look for near-duplicates.

    The limit of bits was chosen on 20,000 training images of CIFAR-10: within 15 bits of each other were 98.4 % or more
    of 500 planted copies of each kind and their originals. The limit of distance was chosen by eye on pairs within
    0.5: of 31 in Tiny ImageNet two, and of 300 between CIFAR-10's training and test images three, were two pictures;
    within 0.4 none and one. It is for photographs. Of 1,000 glyphs, none a copy, 75 pairs lie within 0.4, digits of one
    shape in other colours, none of them within 0.2; of 9 pairs in 3,000 images of SVHN the three that are one picture
    lie within 0.11, the others beyond 0.27. What is left of a picture without its detail does not tell them from
    copies: of the copies in CIFAR-10 some differ in it, in colour and light, as much as most of those glyphs.
    """

    bits: int = option(15, "Most bits that hashes differ in.", min=0, max=23)
    """Most bits of 128 in which the hashes of two views may differ."""
    distance: float = option(
        0.4,
        "Most that views differ, over what either changes when moved by two pixels; the default is for photographs, "
        f"{DRAWN_DISTANCE} for digits and drawings.",
        min=0.0,
        max=1.0,
    )
    """Most that two views may differ, over what either differs from itself two pixels further."""
    images_seen: int = option(100_000, "Images shown to each autoencoder.", min=1, kind="count", flag="--images")
    """Images shown to each autoencoder."""
    plants: int = option(500, "Planted copies of each kind.", min=1, kind="count")
    """Planted copies of each kind, or as many as there are images."""
    seed: int = option(0, "Seed of every random choice.", min=0)


@dataclass(frozen=True)
class DedupPlan(Config):
    """A search in an image set, and the files that come of it."""

    verb: ClassVar[str] = "dedup"
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download")

    dataset: str = option(REQUIRED, argument=True)
    """The set whose near-duplicates are removed: a name, a folder or an .h5 file."""
    out: Path = option(REQUIRED, "The .h5 file of what is left.", file=True)
    split: Literal["train", "test"] | None = option(None, "Which split.", usual="train; with --against, test of that")
    against: str | None = option(None, "Look for the images of this set's split instead, in DATASET's training split.")
    figures: Path | None = option(None, "Folder of figures.", usual="--out's")
    judged: Path | None = option(None, "The list of pairs, judged by a person.", file=True, exists=True)
    search: DedupConfig = field(default_factory=DedupConfig)
    """How the search is made."""

    @property
    def stem(self) -> Path:
        """The beginning of the path of every file beside ``out``."""
        return (self.figures or self.out.parent) / self.out.stem
