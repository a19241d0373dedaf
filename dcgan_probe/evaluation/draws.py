"""Takes labels and a protocol, gives the rows that train and the rows that score; knows no features and no fit.

Rows are counted in the order of ``Layout.order``, which puts the held-out rows last: then the rows of a fit on all
labels are a slice, and no second copy of the features is made.
"""

from dataclasses import dataclass

import numpy as np

from ..runtime import UserError, numpy_generator
from .protocols import Protocol

Rows = slice | np.ndarray
"""Row positions: a slice, or sorted int64 (n,)."""


@dataclass(frozen=True)
class Layout:
    """The training rows of one evaluation."""

    protocol: Protocol
    seed: int
    order: np.ndarray
    """int64 (N,): the image at each position; the held-out rows come last."""
    labels: np.ndarray
    """int64 (N,): the label at each position."""
    rest: int
    """Positions before this one may be drawn; those from it on are held out."""

    @property
    def overlap(self) -> float:
        """Share of the rows of a class that two draws have in common on average, mean over the classes, 0 to 1.

        A draw takes ``n`` of the ``N_c`` rows of class c, so two draws share ``n^2 / N_c`` of them on average, a part
        ``n / N_c`` of either. 0 where one fit takes all rows.
        """
        if self.protocol.labels is None:
            return 0.0
        rows = np.bincount(self.labels[: self.rest], minlength=self.protocol.classes)
        return float((self.protocol.per_class / rows).mean())

    def select_rows(self, draw: int) -> tuple[Rows, Rows]:
        """Give the rows that train a selection fit and the rows that score it."""
        held_out: Rows = slice(self.rest, len(self.labels))
        if self.protocol.select_trains_on == "rest":
            return slice(0, self.rest), held_out
        drawn = self._draw("select", draw)
        if self.protocol.chooses_on == "held out":
            return drawn, held_out
        return drawn, np.setdiff1d(np.arange(self.rest), drawn, assume_unique=True)

    def report_rows(self, draw: int) -> Rows:
        """Give the rows that train a reported fit."""
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
        int64 (N,), 0 to ``classes`` - 1, at least ``per_class`` rows of each.
    """
    chosen = [generator.permutation(np.flatnonzero(labels == label))[:per_class] for label in range(classes)]
    return np.sort(np.concatenate(chosen))


def lay_out(protocol: Protocol, labels: np.ndarray, seed: int) -> Layout:
    """Divide the training rows as a protocol says.

    Parameters
    ----------
    labels
        int64 (N,) of the whole training set, in image order.
    seed
        The user's seed; each draw derives its own from it.

    Raises
    ------
    UserError
        If the labels are not the protocol's, or a class has too few rows.
    """
    _check_classes(protocol, labels)
    generator = numpy_generator(seed, protocol.dataset, "validation")
    held_out = np.empty(0, np.int64)
    if protocol.held_out_rows:
        held_out = generator.permutation(len(labels))[: protocol.held_out_rows]
    elif protocol.held_out_share:
        sizes = [max(1, round(protocol.held_out_share * rows)) for rows in np.bincount(labels)]
        held_out = np.concatenate(
            [generator.permutation(np.flatnonzero(labels == label))[:size] for label, size in enumerate(sizes)]
        )
    rest = np.setdiff1d(np.arange(len(labels)), held_out, assume_unique=True)
    _check_enough(protocol, np.bincount(labels[rest], minlength=protocol.classes))
    order = np.concatenate([rest, np.sort(held_out)])
    return Layout(protocol, seed, order, labels[order], len(rest))


def _check_classes(protocol: Protocol, labels: np.ndarray) -> None:
    low, high = int(labels.min()), int(labels.max())
    if len(labels) != protocol.train_rows or low < 0 or high >= protocol.classes:
        raise UserError(
            f"protocol {protocol.name} is for {protocol.train_rows} training rows of classes 0 to "
            f"{protocol.classes - 1}, got {len(labels)} rows of classes {low} to {high}; make the protocol from the "
            "same image set"
        )
    counts = np.bincount(labels, minlength=protocol.classes)
    smallest = int(counts.argmin())
    if counts[smallest] < 2:
        raise UserError(
            f"{protocol.dataset} has {counts[smallest]} training rows of class {smallest}; expected at least two of "
            "each class, one to train on and one to validate on; add images or drop the class",
            option="dataset",
        )


def _check_enough(protocol: Protocol, counts: np.ndarray) -> None:
    """Check that each class has the rows of a draw, and one more where the undrawn rows validate."""
    spare = int(protocol.chooses_on == "undrawn")
    smallest = int(counts.argmin())
    if counts[smallest] < protocol.per_class + spare:
        raise UserError(
            f"got {protocol.labels} labels for {protocol.dataset}, {protocol.per_class} of each class; class "
            f"{smallest} has {counts[smallest]} training rows to draw from, expected at least "
            f"{protocol.per_class + spare}, so that some are left to choose C on; take at most "
            f"{(int(counts[smallest]) - spare) * protocol.classes}, or all",
            option="labels",
        )
