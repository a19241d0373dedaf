"""Takes features, labels, values of C and splits of the rows, gives the accuracies of held-out rows; reports nothing.

Folds share most of their rows, so they are columns of one problem: a row that a fold leaves out has weight 0 in it, and
one pass over the features serves all folds. Draws of a few rows share little, and are fitted on their own rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runtime import UserError
from .design import Design, centered_design
from .path import ITERATIONS, TOLERANCE, choose, encode, fit_path, loss_of, predict_path, takes_free_intercept, worst
from .settings import Classifier, Intercept
from .solver import solve

STACKED_SHARE = 0.25
"""Share of the rows that splits must train on, on average, to be solved as columns of one problem."""
SCORE_NUMBERS = 1 << 25
READ_ROWS = 1024

Split = tuple[np.ndarray, np.ndarray]
"""Row numbers that train, and that score."""


@dataclass(frozen=True)
class Selection:
    """Accuracies of S splits by M values of C."""

    penalties: np.ndarray
    """(M,)."""
    accuracies: np.ndarray
    """On the held-out rows, (S, M)."""
    gap: float
    """Greatest relative duality gap of all fits."""
    status: str
    """Worst status of all fits."""
    start: np.ndarray | None
    """Mean weights over the splits with the best ``C``, float64 (K, D + 1): a start for the refit. None for draws."""

    @property
    def C(self) -> float:  # noqa: N802
        """Value of the greatest mean accuracy; the smaller one of equals, so the smallest one if all values tie."""
        return float(self.penalties[self.best])

    @property
    def best(self) -> int:
        """Index of ``C`` in ``penalties``."""
        return min(range(len(self.penalties)), key=lambda m: (-self.accuracies[:, m].mean(), self.penalties[m]))


def select_penalty(
    features: Any,
    labels: np.ndarray,
    penalties: Sequence[float],
    splits: Sequence[Split],
    *,
    classifier: Classifier = "svm",
    intercept: Intercept = "penalised",
    standardise: bool = False,
    tol: float = TOLERANCE,
    max_iter: int = ITERATIONS,
    memory: int | None = None,
) -> Selection:
    """Fit every split with every ``C`` and score its held-out rows.

    Parameters
    ----------
    features, labels, penalties, classifier, intercept, tol, max_iter, memory
        As for ``fit_path``. Splits that are fitted one after another, since they are standardised or train on few rows,
        are copied into memory one at a time, beyond ``memory``.
    splits
        At least one.
    standardise
        By the rows that each split trains on; such splits are fitted one after another.

    Raises
    ------
    UserError
        As ``fit_path`` does, and if a split trains on one class only or holds no row out.
    """
    if not len(splits):
        raise UserError("there are no splits; expected at least one")
    for number, (trains, scores) in enumerate(splits):
        for rows in (trains, scores):
            if len(rows) and not 0 <= min(rows) <= max(rows) < features.shape[0]:
                raise UserError(
                    f"split {number} names row {max(rows)}; expected rows from 0 to {features.shape[0] - 1}"
                )
        if len(scores) == 0 or len(np.unique(labels[trains])) < len(np.unique(labels)):
            raise UserError(
                f"split {number} trains on {len(np.unique(labels[trains]))} of {len(np.unique(labels))} classes and "
                f"holds {len(scores)} rows out; expected all classes and at least one row: take fewer folds"
            )
    share = float(np.mean([len(trains) for trains, _ in splits])) / features.shape[0]
    settings = {"tol": tol, "max_iter": max_iter, "memory": memory}
    values = np.array(penalties, dtype=np.float64)
    if standardise or share < STACKED_SHARE:
        return _one_by_one(features, labels, values, splits, classifier, intercept, standardise, settings)
    return _stacked(features, labels, values, splits, classifier, intercept, settings)


def _stacked(
    features: Any,
    labels: np.ndarray,
    penalties: np.ndarray,
    splits: Sequence[Split],
    classifier: Classifier,
    intercept: Intercept,
    settings: dict[str, Any],
) -> Selection:
    classes, targets = encode(labels, classifier)
    row_weights = np.zeros((len(splits), features.shape[0]), dtype=np.float32)
    for fold, (trains, _) in enumerate(splits):
        np.add.at(row_weights[fold], trains, 1.0)  # a row that is drawn twice counts twice
    solution = solve(
        features,
        targets,
        penalties,
        loss=loss_of(classifier),
        row_weights=row_weights,
        free_intercept=takes_free_intercept(intercept),
        **settings,
    )
    weights = np.concatenate([solution.coefficients, solution.intercepts[..., np.newaxis]], axis=-1)
    accuracies = _score(centered_design(features), weights, classes, labels, splits)
    chosen = Selection(penalties, accuracies, float(solution.gap.max()), worst(solution.status), None)
    start = weights[:, chosen.best].mean(axis=0)
    return Selection(penalties, accuracies, chosen.gap, chosen.status, start)


def _score(
    design: Design, weights: np.ndarray, classes: np.ndarray, labels: np.ndarray, splits: Sequence[Split]
) -> np.ndarray:
    """Score held-out rows with weights (S, M, K, width), as many splits at once as memory allows."""
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
                accuracies[first + offset, m] = (choose(classes, decided) == labels[held_out]).mean()
    return accuracies


def _one_by_one(
    features: Any,
    labels: np.ndarray,
    penalties: np.ndarray,
    splits: Sequence[Split],
    classifier: Classifier,
    intercept: Intercept,
    standardise: bool,
    settings: dict[str, Any],
) -> Selection:
    accuracies = np.empty((len(splits), len(penalties)))
    gaps, statuses = [], []
    for fold, (trains, held_out) in enumerate(splits):
        fits = fit_path(
            _rows(features, trains),
            labels[trains],
            penalties.tolist(),
            classifier=classifier,
            intercept=intercept,
            standardise=standardise,
            **settings,
        )
        predicted = predict_path(fits, _rows(features, held_out))
        accuracies[fold] = (predicted == labels[held_out]).mean(axis=1)
        gaps.append(max(fit.gap for fit in fits))
        statuses += [fit.status for fit in fits]
    return Selection(penalties, accuracies, max(gaps), worst(np.array(statuses)), None)


def _rows(features: Any, rows: np.ndarray) -> Any:
    """Give some rows in memory; those of a file in one sorted reading."""
    if isinstance(features, np.ndarray) or hasattr(features, "device"):
        return features[rows]
    order = np.argsort(rows)
    result = np.empty((len(rows), features.shape[1]), features.dtype)
    for start in range(0, features.shape[0], READ_ROWS):
        inside = order[np.searchsorted(rows[order], start) : np.searchsorted(rows[order], start + READ_ROWS)]
        if len(inside):
            result[inside] = features[start : start + READ_ROWS][rows[inside] - start]
    return result
