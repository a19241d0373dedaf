"""Takes an image set, alone or against another, gives its near-duplicates and how well planted ones were found.

The search: hashes of views, candidates within some bits, confirmed by their pixels. Beside it stands the paper's rule:
its own autoencoder reads whole pictures, and images that share a hash are copies.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..images import ImageSet
from ..runtime import numpy_generator
from .autoencoder import READ, Encoder, kept_encoder
from .candidates import HashIndex
from .groups import group_rows, rows_to_remove
from .planting import KINDS
from .search import Pairs, find_near_duplicates

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DedupConfig:
    """How to look for near-duplicates.

    The two limits were chosen on 20,000 training images of CIFAR-10. Within 15 bits of each other were 98.4 % or more
    of 500 planted copies of each kind and their originals, and 162 pairs of the set's own. Of these, all 137 within
    0.24 were one picture to the eye, some in other colours; beyond it were others. Re-encoded copies lay within 0.2,
    98 % of the noisy ones within 0.24.
    """

    bits: int = 15
    """Most bits of 128 in which the hashes of two views may differ."""

    distance: float = 0.24
    """Most that the pixels of two views may differ, from 0 to 2, as ``pixel_distances`` says."""

    images_seen: int = 100_000
    """Images shown to each autoencoder."""

    plants: int = 500
    """Planted copies of each kind, or as many as there are images."""

    seed: int = 0


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found in one set."""

    pairs: Pairs
    groups: list[np.ndarray]
    """Rows that hang together, int64; none where the set was searched against another."""

    removed: np.ndarray
    """int64, ascending: all of each group but its first row, or every row that the other set has a copy of."""

    planted: dict[str, dict[str, float]]
    """By kind: ``planted``, and the shares ``found`` by the search and ``paper`` by the paper's rule."""

    paper_removed: int
    """Images that the paper's rule removes."""

    share_on: float
    """Share of the bits that are on in the other set's hashes."""

    losses: dict[str, float]
    """What each autoencoder reads, and its mean squared error."""

    seconds: dict[str, float]
    """By phase."""


def deduplicate(
    images: ImageSet,
    config: DedupConfig,
    kept: Path,
    *,
    against: ImageSet | None = None,
    progress: Told = lambda phase, done, total: None,
) -> Findings:
    """Find the near-duplicates within a set, or of the images of another set.

    Parameters
    ----------
    kept
        Folder of trained autoencoders: those of these images and settings are read, or trained and kept there.
    against
        The other set; by default the set itself.
    progress
        Called with a phase, what is done of it and its total.

    Raises
    ------
    UserError
        If there are fewer than two images, too many are alike, or a file cannot be read or written.
    """
    others = images if against is None else against
    clock = _Clock(progress)
    encoders = {
        read: kept_encoder(
            *(kept, images, read),
            images_seen=config.images_seen,
            seed=config.seed,
            progress=clock.begin(f"training on {read} pictures", config.images_seen),
        )
        for read in READ
    }
    search = _Search(others, encoders["detail"], config, clock)
    plants = plant(others, config.plants, config.seed)
    pairs = search.run("searching", images)
    groups = group_rows(pairs.first, pairs.second, len(images)) if against is None else []
    paper = _PapersRule(others, encoders["whole"], clock)
    planted = {
        kind: {
            "planted": len(copies),
            "found": _share_found(search.run(f"planted: {kind}", copies), origins),
            "paper": float(np.mean(paper.hash(copies) == paper.hashes[origins])),
        }
        for kind, (copies, origins) in plants.items()
    }
    return Findings(
        pairs=pairs,
        groups=groups,
        removed=rows_to_remove(groups) if against is None else np.unique(pairs.first),
        planted=planted,
        paper_removed=paper.count_copies() if against is None else paper.count_shared(images),
        share_on=search.share_on,
        losses={read: encoder.loss for read, encoder in encoders.items()},
        seconds=clock.end(),
    )


def plant(images: ImageSet, most: int, seed: int) -> dict[str, tuple[ImageSet, np.ndarray]]:
    """Make changed copies of random images, the same ones for each kind: by kind, the copies and their rows."""
    random = numpy_generator(seed, "deduplication", "plants")
    rows = np.sort(random.choice(len(images), min(most, len(images)), replace=False))
    originals = images.images[rows]
    return {
        kind: (ImageSet(change(originals, random), None, images.name, images.split, f"planted: {kind}"), rows)
        for kind, change in KINDS.items()
    }


def _share_found(pairs: Pairs, origins: np.ndarray) -> float:
    """Give the share of the planted copies that were paired with their own originals."""
    return float(np.sum(origins[pairs.first] == pairs.second) / len(origins))


class _Search:
    """The other set's hashes, and what is looked up among them."""

    def __init__(self, others: ImageSet, encoder: Encoder, config: DedupConfig, clock: "_Clock"):
        self._others, self._encoder, self._config, self._clock = others, encoder, config, clock
        hashes = encoder.hash_set(others, clock.begin("hashing", len(others)))
        self.share_on = float(np.unpackbits(hashes).mean())
        self._index = HashIndex(hashes)

    def run(self, phase: str, images: ImageSet) -> Pairs:
        return find_near_duplicates(
            *(images, self._others, self._index, self._encoder),
            bits=self._config.bits,
            distance=self._config.distance,
            progress=self._clock.begin(phase, len(images)),
        )


class _PapersRule:
    """Images whose whole hash is the same; hashes are one value each, so that they compare as numbers do."""

    def __init__(self, others: ImageSet, encoder: Encoder, clock: "_Clock"):
        self._encoder, self._clock = encoder, clock
        self.hashes = self.hash(others)

    def hash(self, images: ImageSet) -> np.ndarray:
        hashes = self._encoder.hash_set(images, self._clock.begin("the paper's rule", len(images)))
        return np.ascontiguousarray(hashes).view("S16")[:, 0]

    def count_copies(self) -> int:
        """Count the images whose hash an earlier one of the other set has."""
        return len(self.hashes) - len(np.unique(self.hashes))

    def count_shared(self, images: ImageSet) -> int:
        """Count the images whose hash one of the other set has."""
        return int(np.isin(self.hash(images), self.hashes).sum())


class _Clock:
    """The seconds of each phase, which is over when the next begins."""

    def __init__(self, progress: Told):
        self._progress, self._seconds = progress, dict[str, float]()
        self._phase, self._began = "", time.monotonic()

    def begin(self, phase: str, total: int) -> Callable[[int], None]:
        """Start a phase, and give what is to be told how much of it is done."""
        self._note()
        self._phase = phase
        return lambda done: self._progress(phase, done, total)

    def end(self) -> dict[str, float]:
        """Give the seconds by phase."""
        self._note()
        return self._seconds

    def _note(self) -> None:
        now = time.monotonic()
        if self._phase:
            self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._began
        self._began = now
