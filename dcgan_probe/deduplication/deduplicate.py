"""Search for the near-duplicates of an image set, within the set or in another, and for planted copies.

The search looks up hashes of views, and confirms candidates within some bits by their pixels. It is compared with the
paper's rule: the paper's autoencoder encodes whole pictures, and images that share a hash are copies.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..images import ImageSet
from ..runtime import OnStep, Step, UserError, no_step
from .autoencoder import READ, Encoder, kept_encoder
from .candidates import HashIndex
from .config import DedupConfig
from .planted_copies import plant
from .search import Pairs, find_near_duplicates


class Phases:
    """The seconds of each phase, which ends when the next begins; one that begins again is continued."""

    def __init__(self, on_step: OnStep):
        self._on_step = on_step
        self._seconds: dict[str, float] = {}
        self._phase, self._began = "", time.monotonic()

    def begin(self, phase: str, total: int) -> Callable[[int], None]:
        """Begin a phase of ``total`` images, and return a function to call with the number that is done."""

        def advance(done: int) -> None:
            self._on_step(Step(phase, done, total, "images"))

        self._note()
        self._phase = phase
        advance(0)
        return advance

    def end(self) -> dict[str, float]:
        """Return the seconds by phase."""
        self._note()
        return self._seconds

    def _note(self) -> None:
        now = time.monotonic()
        if self._phase:
            self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._began
        self._began = now


@dataclass(frozen=True, eq=False)
class Findings:
    """Near-duplicates of one set, and the recall of planted copies."""

    pairs: Pairs
    groups: list[np.ndarray]
    """Groups of rows that pairs connect, int64; empty if the set was searched against another."""

    removed: np.ndarray
    """int64, ascending: all rows of each group except the first, or every row with a copy in the other set."""

    planted: dict[str, dict[str, float]]
    """Results by kind: ``planted``, the number of copies, and the shares ``found`` by the search and ``paper`` by the
    paper's rule."""

    paper_removed: int
    """Number of images that the paper's rule removes."""

    share_on: float
    """Share of 1 bits in the other set's hashes."""

    losses: dict[str, float]
    """Mean squared error of each autoencoder, by the part of the pictures that it encodes."""

    seconds: dict[str, float]
    """Seconds by phase."""


def deduplicate(
    images: ImageSet,
    config: DedupConfig,
    kept: Path,
    *,
    against: ImageSet | None = None,
    on_step: OnStep = no_step,
) -> Findings:
    """Find the near-duplicates within a set, or the images of a set that have copies in another set.

    Parameters
    ----------
    kept
        Folder of trained autoencoders, which are read if present for these images and settings, and otherwise trained
        and stored.
    against
        Another set to search for copies; by default, near-duplicates within the set are found.
    on_step
        Called with the progress of each phase.

    Raises
    ------
    UserError
        If there are fewer than two images, if ``against`` is the same set, if too many images are alike, or if a file
        changes while it is being read or cannot be read or written.
    """
    if against is not None and against.fingerprint == images.fingerprint:
        raise UserError(
            f"{against.name}, {against.split} split, is the set itself, and each image would be its own copy; omit "
            "`against` to find the copies within a set",
            parameter="against",
        )
    others = images if against is None else against
    phases = Phases(on_step)
    encoders = {read: _encoder(read, images, config, kept, phases) for read in READ}
    hashes = encoders["detail"].hash_set(others, phases.begin("hashing", len(others)))
    find = partial(
        find_near_duplicates,
        others=others,
        index=HashIndex(hashes),
        encoder=encoders["detail"],
        bits=config.bits,
        distance=config.distance,
    )
    pairs = find(images, progress=phases.begin("searching", len(images)))
    rule = _PapersRule(encoders["whole"], others, phases.begin("the paper's rule", len(others)))
    if against is None:
        groups = group_rows(pairs.first, pairs.second, len(images))
        removed, paper_removed = rows_to_remove(groups), rule.copies_within
    else:
        groups, removed = [], np.unique(pairs.first)
        paper_removed = rule.copies_in(images, phases.begin("the paper's rule, training split", len(images)))
    planted = _find_planted(others, config, find, rule, phases)
    for each in (images, others):
        each.require_unchanged()
    share_on = float(np.unpackbits(hashes).mean())
    losses = {read: encoder.loss for read, encoder in encoders.items()}
    return Findings(pairs, groups, removed, planted, paper_removed, share_on, losses, phases.end())


def _encoder(read: str, images: ImageSet, config: DedupConfig, kept: Path, phases: Phases) -> Encoder:
    """Return the trained autoencoder for one part of the pictures."""
    progress = phases.begin(f"training on {read} pictures", config.images_seen)
    return kept_encoder(kept, images, read, images_seen=config.images_seen, seed=config.seed, progress=progress)


def _find_planted(
    others: ImageSet, config: DedupConfig, find: Callable[[ImageSet], Pairs], rule: "_PapersRule", phases: Phases
) -> dict[str, dict[str, float]]:
    """Plant copies of each kind; return their number, and the shares that the search and the rule find."""
    rows, plants = plant(others, config.plants, config.seed)
    advance, planted = phases.begin("planted copies", len(plants)), dict[str, dict[str, float]]()
    for kind, copies in plants.items():
        found = find(copies)
        planted[kind] = {
            "planted": len(rows),
            "found": float(np.sum(rows[found.first] == found.second) / len(rows)),
            "paper": rule.share_found(copies, rows),
        }
        advance(len(planted))
    return planted


class _PapersRule:
    """Paper's rule: images with the same hash are copies of each other."""

    def __init__(self, encoder: Encoder, images: ImageSet, progress: Callable[[int], None]):
        self._encoder = encoder
        self._hashes = self._hash(images, progress)

    def _hash(self, images: ImageSet, progress: Callable[[int], None] = lambda done: None) -> np.ndarray:
        """Hash a set to one value of 16 bytes for each image, so that hashes compare like numbers."""
        return np.ascontiguousarray(self._encoder.hash_set(images, progress)).view("S16")[:, 0]

    @property
    def copies_within(self) -> int:
        """Number of images that have the hash of an earlier image."""
        return len(self._hashes) - len(np.unique(self._hashes))

    def copies_in(self, images: ImageSet, progress: Callable[[int], None]) -> int:
        """Count the images of another set that have the hash of one of these."""
        return int(np.isin(self._hash(images, progress), self._hashes).sum())

    def share_found(self, copies: ImageSet, rows: np.ndarray) -> float:
        """Return the share of copies that have the hash of their originals, which are the rows ``rows``."""
        return float((self._hash(copies) == self._hashes[rows]).mean())


def group_rows(first: np.ndarray, second: np.ndarray, rows: int) -> list[np.ndarray]:
    """Join rows that a chain of pairs connects.

    Parameters
    ----------
    first, second
        The pairs: integers (pairs,) each, 0 to ``rows`` - 1, in any order.
    rows
        Number of rows there are.

    Returns
    -------
    list of numpy.ndarray
        Groups of two or more rows, int64 and ascending, by their first rows. A row is in at most one.
    """
    links = coo_array((np.ones(len(first), bool), (first, second)), shape=(rows, rows))
    _, component = connected_components(links, directed=False)
    order = np.argsort(component, kind="stable")
    edges = np.flatnonzero(np.diff(component[order])) + 1
    groups = [group.astype(np.int64) for group in np.split(order, edges) if len(group) > 1]
    return sorted(groups, key=lambda group: int(group[0]))


def rows_to_remove(groups: list[np.ndarray]) -> np.ndarray:
    """Return all rows of the groups but the first of each, int64, ascending."""
    return np.sort(np.concatenate([np.empty(0, np.int64), *(group[1:] for group in groups)]))
