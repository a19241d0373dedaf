"""Choice of ``C`` by the accuracy on held-out rows.

Folds share most of their rows, so all folds are solved as columns of one problem: rows outside a fold have weight 0,
and one pass over the features serves all folds. Draws of a few rows overlap little, so each is fitted on its rows
alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runtime import UserError
from ._solver.design import Design
from ._solver.input_checks import check_penalties
from ._solver.inputs import centered_design
from ._solver.solver import solve
from .penalty_path import (
    ITERATIONS,
    TOLERANCE,
    choose,
    encode,
    fit_path,
    is_free_intercept,
    loss_of,
    predict_path,
    worst,
)
from .settings import Classifier, Intercept
from .weighting import ClassWeight, check_sample_weight, counted, weigh_rows

C_GRID = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)
"""Values of ``C`` searched by the authors of DCGAN."""
STACKED_SHARE = 0.25
"""Least mean share of training rows in splits that are solved as columns of one problem."""
SCORE_NUMBERS = 1 << 25
READ_ROWS = 1024

Split = tuple[np.ndarray, np.ndarray]
"""Row numbers of the training rows, and of the held-out rows."""


def best_value(accuracies: Mapping[float, Iterable[float]]) -> float:
    """Return the value of C, or of k, with the highest mean accuracy; the smallest one of equals.

    Parameters
    ----------
    accuracies
        Accuracies of each value, on the same splits.
    """
    return min(accuracies, key=lambda value: (-mean_accuracy(accuracies[value]), value))


def mean_accuracy(accuracies: Iterable[float]) -> float:
    """Return the mean of accuracies, summed in the given order."""
    found = [float(each) for each in accuracies]
    return sum(found) / len(found)


@dataclass(frozen=True)
class Selection:
    """Accuracies of M values of ``C`` on S splits."""

    penalties: np.ndarray
    """Values of ``C``, float64 (M,)."""
    accuracies: np.ndarray
    """Accuracies on the held-out rows, float64 (S, M), in [0, 1]."""
    gap: float
    """Largest relative duality gap of all fits."""
    status: str
    """Worst status of all fits."""
    start: np.ndarray | None
    """Mean weights over the splits for the best ``C``, float64 (K, D + 1), to start the refit from. None for draws."""

    @property
    def C(self) -> float:  # noqa: N802
        """Value with the highest mean accuracy; the smallest one of equals."""
        return best_value(dict(zip(self.penalties.tolist(), self.accuracies.T, strict=True)))

    @property
    def best(self) -> int:
        """Index of ``C`` in ``penalties``."""
        return self.penalties.tolist().index(self.C)


@dataclass(frozen=True)
class _Fitting:
    """Features (N, D), labels, row weights and settings of a selection."""

    features: Any
    labels: np.ndarray
    weights: np.ndarray | None
    """float64 (N,); None for 1."""
    class_weight: ClassWeight
    classifier: Classifier
    intercept: Intercept
    settings: dict[str, Any]

    def weights_of(self, rows: np.ndarray) -> np.ndarray | None:
        """Return the sample weights of some rows."""
        return None if self.weights is None else self.weights[rows]

    def weighed(self, rows: np.ndarray) -> np.ndarray | None:
        """Return the weights of training rows, times class weights computed from these rows."""
        return weigh_rows(self.labels[rows], self.weights_of(rows), self.class_weight)

    def accuracy(self, predicted: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the weighted share (...,) of correct labels (..., n)."""
        return np.average(predicted == self.labels[rows], axis=-1, weights=self.weights_of(rows))


def select_penalty(
    features: Any,
    labels: np.ndarray,
    penalties: Sequence[float],
    splits: Sequence[Split],
    *,
    classifier: Classifier = "svm",
    intercept: Intercept = "penalised",
    sample_weight: np.ndarray | None = None,
    class_weight: ClassWeight = None,
    standardise: bool = False,
    tol: float = TOLERANCE,
    max_iter: int = ITERATIONS,
    memory: int | None = None,
) -> Selection:
    """Fit every split with every ``C`` and score the held-out rows.

    Parameters
    ----------
    features, labels, penalties, classifier, intercept, tol, max_iter, memory
        As in ``fit_path``. Standardized splits and splits with few training rows are fitted one after another; a copy
        of their rows is held in memory, on top of ``memory``.
    splits
        At least one pair of training rows and held-out rows, as row numbers or as bool masks (N,).
    sample_weight
        As in ``fit_path``; also weighs the held-out rows in accuracies.
    class_weight
        As in ``fit_path``; ``"balanced"`` weights come from the training rows of each split. Accuracies do not use it.
    standardise
        Standardize by the training rows of each split; the splits are then fitted one after another.

    Raises
    ------
    UserError
        As in ``fit_path``, and if a split lacks a class in its training rows or has no held-out row.
    """
    values = check_penalties(penalties)
    weights = check_sample_weight(sample_weight, len(labels))
    settings = {"tol": tol, "max_iter": max_iter, "memory": memory}
    fitting = _Fitting(features, labels, weights, class_weight, classifier, intercept, settings)
    splits = [_check_split(fitting, number, split) for number, split in enumerate(splits)]
    if not splits:
        raise UserError("got no splits; expected at least one")
    share = float(np.mean([len(trains) for trains, _ in splits])) / features.shape[0]
    if standardise or share < STACKED_SHARE:
        return _one_by_one(fitting, values, splits, standardise)
    return _stacked(fitting, values, splits)


def _check_split(fitting: _Fitting, number: int, split: Any) -> Split:
    """Return the row numbers of a split.

    Raises
    ------
    UserError
        If training rows lack a class, or there are no held-out rows.
    """
    count = fitting.features.shape[0]
    trains, scores = (_row_numbers(number, rows, count) for rows in split)
    wanted = len(np.unique(counted(fitting.labels, fitting.weights)))
    found = len(np.unique(counted(fitting.labels[trains], fitting.weights_of(trains))))
    held_out = len(counted(scores, fitting.weights_of(scores)))
    if held_out == 0 or found < wanted:
        of = "" if fitting.weights is None else " with a weight above 0"
        raise UserError(
            f"split {number} trains on {found} of {wanted} classes and holds {held_out} rows{of} out; expected all "
            "classes and at least one row: use fewer folds"
        )
    return trains, scores


def _row_numbers(number: int, rows: Any, count: int) -> np.ndarray:
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (count,):
        return np.flatnonzero(rows)
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise UserError(
            f"split {number} holds {rows.dtype} {rows.shape}; expected row numbers (n,), or bool ({count},)"
        )
    if len(outside := rows[(rows < 0) | (rows >= count)]):
        raise UserError(f"split {number} contains row {outside[0]}; expected rows from 0 to {count - 1}")
    return rows.astype(np.intp)


def _stacked(fitting: _Fitting, penalties: np.ndarray, splits: Sequence[Split]) -> Selection:
    features = fitting.features
    classes, targets = encode(fitting.labels, fitting.classifier, fitting.weights)
    whole = fitting.weights is None and fitting.class_weight is None
    row_weights = np.zeros((len(splits), features.shape[0]), dtype=np.float32 if whole else np.float64)
    for fold, (trains, _) in enumerate(splits):
        weighed = fitting.weighed(trains)
        np.add.at(row_weights[fold], trains, 1.0 if weighed is None else weighed)  # a row drawn twice counts twice
    solution = solve(
        features,
        targets,
        penalties,
        loss=loss_of(fitting.classifier),
        row_weights=row_weights,
        free_intercept=is_free_intercept(fitting.intercept),
        **fitting.settings,
    )
    weights = np.concatenate([solution.coefficients, solution.intercepts[..., np.newaxis]], axis=-1)
    accuracies = _score(centered_design(features), weights, classes, fitting, splits)
    chosen = Selection(penalties, accuracies, float(solution.gap.max()), worst(solution.status), None)
    start = weights[:, chosen.best].mean(axis=0)
    return Selection(penalties, accuracies, chosen.gap, chosen.status, start)


def _score(
    design: Design, weights: np.ndarray, classes: np.ndarray, fitting: _Fitting, splits: Sequence[Split]
) -> np.ndarray:
    """Compute accuracies (S, M) on held-out rows for weights (S, M, K, width), several splits at once."""
    _, steps, outputs, width = weights.shape
    accuracies = np.empty((len(splits), steps))
    together = max(1, SCORE_NUMBERS // (steps * outputs * design.rows))
    for first in range(0, len(splits), together):
        part = weights[first : first + together]
        flat = part.reshape(-1, width)
        scores = design.scores(flat[:, :-1], flat[:, -1])
        scores = scores.reshape((len(part), steps, outputs, design.rows))
        for offset, (_, held_out) in enumerate(splits[first : first + together]):
            found = scores[offset][:, :, design.array(held_out)]
            found = found if isinstance(found, np.ndarray) else found.cpu().numpy()
            for m in range(steps):
                decided = np.diff(found[m], axis=0).T if outputs == 2 else found[m].T
                accuracies[first + offset, m] = fitting.accuracy(choose(classes, decided), held_out)
    return accuracies


def _one_by_one(fitting: _Fitting, penalties: np.ndarray, splits: Sequence[Split], standardise: bool) -> Selection:
    accuracies = np.empty((len(splits), len(penalties)))
    gaps, statuses = [], []
    for fold, (trains, held_out) in enumerate(splits):
        fits = fit_path(
            _rows(fitting.features, trains),
            fitting.labels[trains],
            penalties.tolist(),
            classifier=fitting.classifier,
            intercept=fitting.intercept,
            sample_weight=fitting.weights_of(trains),
            class_weight=fitting.class_weight,
            standardise=standardise,
            **fitting.settings,
        )
        accuracies[fold] = fitting.accuracy(predict_path(fits, _rows(fitting.features, held_out)), held_out)
        gaps.append(max(fit.gap for fit in fits))
        statuses += [fit.status for fit in fits]
    return Selection(penalties, accuracies, max(gaps), worst(np.array(statuses)), None)


def _rows(features: Any, rows: np.ndarray) -> Any:
    """Return some rows in memory; a file is read once, in the order of its rows."""
    if isinstance(features, np.ndarray) or hasattr(features, "device"):
        return features[rows]
    order = np.argsort(rows)
    result = np.empty((len(rows), features.shape[1]), features.dtype)
    for start in range(0, features.shape[0], READ_ROWS):
        inside = order[np.searchsorted(rows[order], start) : np.searchsorted(rows[order], start + READ_ROWS)]
        if len(inside):
            result[inside] = features[start : start + READ_ROWS][rows[inside] - start]
    return result
