"""Draws of labeled rows under a protocol: the rows that train each fit, and the rows that score it.

Rows are numbered in the order of ``Layout.order``, in which the held-out rows come last. The rows of a fit on all
labels are then a slice, so no second copy of the features is needed.
"""

from dataclasses import dataclass

import numpy as np

from ..runtime import UserError, numpy_generator
from .protocols import Protocol, advised_labels, fixed_validation_rows

Rows = slice | np.ndarray
"""Row positions: a slice, or sorted int64 (n,)."""


@dataclass(frozen=True)
class Layout:
    """Order and division of the training rows of one evaluation."""

    protocol: Protocol
    seed: int
    order: np.ndarray
    """int64 (N,): the image at each position; the held-out rows come last."""
    labels: np.ndarray
    """int64 (N,): the label at each position."""
    rest: int
    """Number of positions that draws choose from; the later positions are held out."""

    @property
    def overlap(self) -> float:
        """Expected share of the rows of a class that two draws have in common, mean over the classes, 0 to 1.

        A draw has ``n`` of the ``N_c`` rows of class c, so two draws share ``n^2 / N_c`` rows on average: a part
        ``n / N_c`` of each. The overlap is 0 for a fit on all rows.
        """
        if self.protocol.labels is None:
            return 0.0
        rows = np.bincount(self.labels[: self.rest], minlength=self.protocol.classes)
        return float((self.protocol.per_class / rows).mean())

    def select_rows(self, draw: int) -> tuple[Rows, Rows]:
        """Return the rows that train a selection fit, and the rows that score it."""
        held_out: Rows = slice(self.rest, len(self.labels))
        if self.protocol.select_trains_on == "rest":
            return slice(0, self.rest), held_out
        drawn = self._draw("select", draw)
        if self.protocol.chooses_on == "held out":
            return drawn, held_out
        return drawn, np.setdiff1d(np.arange(self.rest), drawn, assume_unique=True)

    def report_rows(self, draw: int) -> Rows:
        """Return the rows that train a reported fit."""
        if self.protocol.report_trains_on == "train":
            return slice(0, len(self.labels))
        return self._draw("report", draw)

    def _draw(self, stage: str, draw: int) -> np.ndarray:
        generator = numpy_generator(self.seed, self.protocol.name, stage, draw)
        return draw_rows(self.labels[: self.rest], self.protocol.classes, self.protocol.per_class, generator)


def draw_rows(labels: np.ndarray, classes: int, per_class: int, generator: np.random.Generator) -> np.ndarray:
    """Draw ``per_class`` rows of each class without replacement, sorted int64 (classes * per_class,).

    Parameters
    ----------
    labels
        int64 (N,), 0 to ``classes`` - 1, with at least ``per_class`` rows of each class.
    """
    chosen = [generator.permutation(np.flatnonzero(labels == label))[:per_class] for label in range(classes)]
    return np.sort(np.concatenate(chosen))


def lay_out(protocol: Protocol, labels: np.ndarray, seed: int) -> Layout:
    """Divide the training rows by a protocol.

    Parameters
    ----------
    labels
        int64 (N,) of the whole training set, in image order.
    seed
        The user's seed, from which the seed of each draw is derived.

    Raises
    ------
    UserError
        If the labels do not match the protocol, or a class has too few rows.
    """
    if len(labels) != protocol.train_rows:
        raise UserError(
            f"protocol {protocol.name} is for {protocol.train_rows} training rows of classes 0 to "
            f"{protocol.classes - 1}, got {len(labels)} rows; make the protocol from the same image set"
        )
    counts = class_rows(labels, protocol.classes, protocol.dataset)
    held_out = np.empty(0, np.int64)
    if protocol.held_out_rows:
        held_out = _fixed_rows(protocol.dataset, len(labels), protocol.held_out_rows, seed)
    elif protocol.held_out_share:
        generator = numpy_generator(seed, protocol.dataset, "validation")
        sizes = [max(1, round(protocol.held_out_share * rows)) for rows in counts]
        held_out = np.concatenate(
            [generator.permutation(np.flatnonzero(labels == label))[:size] for label, size in enumerate(sizes)]
        )
    rest = np.setdiff1d(np.arange(len(labels)), held_out, assume_unique=True)
    _check_enough(protocol, np.bincount(labels[rest], minlength=protocol.classes))
    order = np.concatenate([rest, np.sort(held_out)])
    return Layout(protocol, seed, order, labels[order], len(rest))


def class_rows(labels: np.ndarray, classes: int, dataset: str, least: int = 2) -> np.ndarray:
    """Count the rows of each class, int64 (classes,).

    Parameters
    ----------
    labels
        int64 (N,) of a training set.
    least
        Least number of rows of each class.

    Raises
    ------
    UserError
        If a label is outside 0 to ``classes`` - 1, or a class has fewer rows.
    """
    found, counts = np.unique(labels, return_counts=True)
    if found[0] < 0 or found[-1] >= classes:
        raise UserError(
            f"{dataset} has labels from {found[0]} to {found[-1]}, expected classes 0 to {classes - 1}; make the "
            "protocol from the same image set",
            parameter="dataset",
        )
    if len(found) < classes:
        missing = int(np.setdiff1d(np.arange(min(classes, len(found) + 1)), found)[0])
        shifted = found[0] > 0 and len(found) == found[-1] - found[0] + 1
        remedy = (
            f"subtract {found[0]} from the labels of both splits"
            if shifted
            else "number the classes from 0 on without gaps, add images, or drop the class"
        )
        raise UserError(
            f"{dataset} has labels from {found[0]} to {found[-1]}, of {len(found)} of {classes} classes, and no "
            f"training row of class {missing}; expected at least {least} of each of the classes 0 to K-1, so {remedy}",
            parameter="dataset",
        )
    smallest = int(counts.argmin())
    if counts[smallest] < least:
        raise UserError(
            f"{dataset} has {counts[smallest]} training row{'' if counts[smallest] == 1 else 's'} of class {smallest}; "
            f"expected at least {least} of each class, to train on and to validate on; add images or drop the class",
            parameter="dataset",
        )
    return counts


def most_labels(dataset: str, labels: np.ndarray, classes: int, seed: int) -> int:
    """Return the greatest number of labels of a draw: the same number of each class, with one left to choose C on.

    Parameters
    ----------
    labels
        int64 (N,) of the whole training set, in image order, with at least 2 rows of each class.
    seed
        The user's seed, which decides the fixed validation rows.
    """
    fixed = fixed_validation_rows(dataset, len(labels))
    rest = np.delete(labels, _fixed_rows(dataset, len(labels), fixed, seed)) if fixed else labels
    counts = np.bincount(rest, minlength=classes)
    return (int(counts.min()) - (0 if fixed else 1)) * classes


def _fixed_rows(dataset: str, rows: int, fixed: int, seed: int) -> np.ndarray:
    return numpy_generator(seed, dataset, "validation").permutation(rows)[:fixed]


def _check_enough(protocol: Protocol, counts: np.ndarray) -> None:
    """Check that each class has the rows of a draw, and one more if C is chosen on the undrawn rows."""
    spare = int(protocol.chooses_on == "undrawn")
    smallest = int(counts.argmin())
    if protocol.labels is None and counts[smallest] < 1:
        raise UserError(
            f"all training rows of class {smallest} of {protocol.dataset} are held out; expected at least one to train "
            "on, so add images or drop the class",
            parameter="dataset",
        )
    if counts[smallest] < protocol.per_class + spare:
        most = (int(counts[smallest]) - spare) * protocol.classes
        raise UserError(
            f"got {protocol.labels} labels for {protocol.dataset}, {protocol.per_class} of each class; class "
            f"{smallest} has {counts[smallest]} training rows to draw from, expected at least "
            f"{protocol.per_class + spare}, so that some are left to choose C on; "
            f"{advised_labels(protocol.labels or 0, protocol.classes, most)}",
            parameter="labels",
        )
    if protocol.draws > 1 and counts.max() == protocol.per_class:
        raise UserError(
            f"got {protocol.labels} labels for {protocol.dataset}, all rows to draw from, so {protocol.draws} draws "
            "would have the same rows; use fewer labels, or `draws=1`",
            parameter="labels",
        )
