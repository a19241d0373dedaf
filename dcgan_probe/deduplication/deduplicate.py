"""Takes an image set, alone or against another, gives its near-duplicates and how well planted ones were found.

The search: hashes of views, candidates within some bits, confirmed by their pixels. Beside it stands the paper's rule:
its own autoencoder reads whole pictures, and images that share a hash are copies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..images import ImageSet
from ..runtime import UserError
from .autoencoder import READ, Encoder, kept_encoder
from .candidates import HashIndex
from .config import DedupConfig
from .groups import group_rows, rows_to_remove
from .phases import Phases, Told
from .planting import plant
from .search import Pairs, find_near_duplicates


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
        If there are fewer than two images, the other set is the set itself, too many images are alike, or a file
        changes while it is read, or cannot be read or written.
    """
    if against is not None and against.fingerprint == images.fingerprint:
        raise UserError(
            f"{against.name}, {against.split} split, is the set itself, and each image would be its own copy; leave "
            "--against out to find the copies within a set",
            option="against",
        )
    others = images if against is None else against
    phases = Phases(progress)
    encoders = {
        read: kept_encoder(
            *(kept, images, read),
            images_seen=config.images_seen,
            seed=config.seed,
            progress=phases.begin(f"training on {read} pictures", config.images_seen),
        )
        for read in READ
    }
    hashes = encoders["detail"].hash_set(others, phases.begin("hashing", len(others)))
    index = HashIndex(hashes)

    find = partial(
        find_near_duplicates,
        others=others,
        index=index,
        encoder=encoders["detail"],
        bits=config.bits,
        distance=config.distance,
    )

    pairs = find(images, progress=phases.begin("searching", len(images)))
    groups = group_rows(pairs.first, pairs.second, len(images)) if against is None else []
    papers = _papers_hashes(others, encoders["whole"], phases.begin("the paper's rule", len(others)))
    if against is None:
        removed, paper_removed = rows_to_remove(groups), len(papers) - len(np.unique(papers))
    else:
        own = _papers_hashes(images, encoders["whole"], phases.begin("the paper's rule, training split", len(images)))
        removed, paper_removed = np.unique(pairs.first), int(np.isin(own, papers).sum())
    rows, plants = plant(others, config.plants, config.seed)
    told, planted = phases.begin("planted copies", len(plants)), dict[str, dict[str, float]]()
    for kind, copies in plants.items():
        found = find(copies)
        same = _papers_hashes(copies, encoders["whole"]) == papers[rows]
        planted[kind] = {
            "planted": len(rows),
            "found": float(np.sum(rows[found.first] == found.second) / len(rows)),
            "paper": float(same.mean()),
        }
        told(len(planted))
    for each in (images, others):
        each.require_unchanged()
    return Findings(
        pairs=pairs,
        groups=groups,
        removed=removed,
        planted=planted,
        paper_removed=paper_removed,
        share_on=float(np.unpackbits(hashes).mean()),
        losses={read: encoder.loss for read, encoder in encoders.items()},
        seconds=phases.end(),
    )


def _papers_hashes(
    images: ImageSet, encoder: Encoder, progress: Callable[[int], None] = lambda done: None
) -> np.ndarray:
    """Hash a set by the paper's rule: one value of 16 bytes an image, so that hashes compare as numbers do."""
    return np.ascontiguousarray(encoder.hash_set(images, progress)).view("S16")[:, 0]
