"""Files of a search: numbers for JSON, the image-array file of the remaining images, and the removed rows."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..images import ImageSet
from ..runtime import UserError
from ..storage import StoredImages, write_image_file, write_text
from .config import DedupConfig
from .deduplicate import Findings


def findings_summary(
    images: ImageSet, findings: Findings, config: DedupConfig, against: ImageSet | None = None
) -> dict[str, Any]:
    """Return all numbers of the findings except the pairs, as plain values."""
    sizes = Counter(len(group) for group in findings.groups)
    return {
        "images": _named(images),
        "against": None if against is None else _named(against),
        "config": asdict(config),
        "losses": findings.losses,
        "bits_on": findings.share_on,
        "candidates": findings.pairs.candidates,
        "pairs": len(findings.pairs.first),
        "groups": len(findings.groups),
        "group_sizes": {str(size): sizes[size] for size in sorted(sizes)},
        "removed": len(findings.removed),
        "removed_share": len(findings.removed) / len(images),
        "removed_by_the_papers_rule": findings.paper_removed,
        "planted": findings.planted,
        "seconds_by_phase": {phase: round(seconds, 1) for phase, seconds in findings.seconds.items()},
    }


def _named(images: ImageSet) -> dict[str, Any]:
    return {"name": images.name, "split": images.split, "images": len(images), "fingerprint": images.fingerprint}


def check_target(path: Path, images: ImageSet) -> None:
    """Check that a path is an .h5 file other than the images' own, and create its folder.

    Raises
    ------
    UserError
        If the name does not end in .h5, the file is the images' own, or the folder cannot be created or written to.
    """
    if path.suffix != ".h5":
        raise UserError(f"got the file name {path.name}, expected one that ends in .h5", parameter="out")
    if isinstance(images.images, StoredImages) and path.exists() and images.images.path.samefile(path):
        raise UserError(f"{path} is the set itself; choose another file to write", parameter="out")
    make_folder(path.parent, "out")


def make_folder(folder: Path, parameter: str) -> None:
    """Create a folder before the long work whose results it holds.

    Raises
    ------
    UserError
        If it cannot be created or written; the error names ``parameter``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be created ({error.strerror}); choose another folder", parameter=parameter
        ) from error
    if not os.access(folder, os.W_OK):
        raise UserError(f"{folder} cannot be written; choose another folder", parameter=parameter)


def write_kept(path: Path, images: ImageSet, removed: np.ndarray) -> int:
    """Write the images that are not removed, with labels and attributes, as an image-array file, in blocks.

    The attribute ``source_row`` is each image's row in ``images``.

    Returns
    -------
    int
        Number of images written.

    Raises
    ------
    UserError
        If the file name does not fit, no image is left, the images' file has changed, or the disk is full.
    """
    check_target(path, images)
    kept = np.ones(len(images), bool)
    kept[removed] = False
    if not kept.any():
        raise UserError(f"all {len(images):,} images would be removed, expected some left; give a smaller `distance`")
    write_image_file(
        path,
        _kept_blocks(images, kept),
        rows=int(kept.sum()),
        name=path.stem.removesuffix(f"_{images.split}"),
        split=images.split,
        source=f"{images.source}, {len(removed)} near-duplicates removed",
        class_names=images.class_names,
        attributes={name: numbers[kept] for name, numbers in images.attributes.items()}
        | {"source_row": np.flatnonzero(kept)},
        check=images.require_unchanged,
    )
    return int(kept.sum())


def save_removed(path: Path, findings: Findings) -> None:
    """Write the removed rows as CSV: ``row``, and ``kept``, the row that stays for it.

    The kept row is the first of the group, or the nearest row of the other set.
    """
    if findings.groups:
        kept = {row: group[0] for group in findings.groups for row in group[1:]}
    else:
        pairs = findings.pairs
        farthest_first = np.argsort(-pairs.distance, kind="stable")
        kept = dict(zip(pairs.first[farthest_first], pairs.second[farthest_first], strict=True))
    write_text(path, "".join(["row,kept\n", *(f"{row},{kept[row]}\n" for row in findings.removed)]))


def _kept_blocks(images: ImageSet, kept: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    start = 0
    for block in images.blocks():
        rows = np.flatnonzero(kept[start : start + len(block)])
        if len(rows):
            yield block[rows], None if images.labels is None else images.labels[start + rows]
        start += len(block)
