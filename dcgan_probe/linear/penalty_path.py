"""Linear classifiers fitted to features and labels for several values of ``C`` at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runtime import UserError
from ._solver.arrays import host
from ._solver.inputs import as_design, centered_design
from ._solver.losses import Logistic, Loss, Squared, SquaredHinge
from ._solver.solution import CONVERGED, ITERATION_LIMIT, STALLED, Solution
from ._solver.solver import solve
from .settings import INTERCEPTS, Classifier, Intercept
from .weighting import ClassWeight, check_sample_weight, counted, weigh_rows

TOLERANCE = 1e-6
"""Default tolerance of the relative duality gap."""
ITERATIONS = 1000
"""Default limit of iterations."""

LOSSES: dict[Classifier, Loss] = {"svm": SquaredHinge(), "logistic": Logistic(), "ridge": Squared()}
"""Loss of each classifier."""


@dataclass(frozen=True)
class LinearClassifier:
    """A fitted linear classifier of one ``C``, with the certificate of its fit.

    Two classes share one row of coefficients, whose scores are positive for the second class. Three or more classes
    have one row each.
    """

    classes: np.ndarray
    """The labels, sorted, (K,)."""
    C: float
    """The penalty."""
    coefficients: np.ndarray
    """float64 (K or 1, D), for the original features, also after a fit with ``standardise=True``. The coefficients of a
    softmax sum to 0 over three or more classes, as do its intercepts."""
    intercepts: np.ndarray
    """float64 (K or 1,)."""
    objective: float
    """Objective, summed over the classes."""
    gradient_norm: float
    """Largest gradient norm of the classes."""
    gap: float
    """Largest duality gap of the classes, relative to the objective."""
    iterations: int
    """Largest number of iterations of the classes."""
    passes: int
    """Number of times the features were read, for all values of ``C`` together."""
    status: str
    """Worst status of the classes, one of ``STATUSES``."""

    @property
    def converged(self) -> bool:
        """True if every class reached the tolerance."""
        return self.status == CONVERGED

    def decision(self, X: Any) -> np.ndarray:
        """Compute the scores of features ``X`` (N, D): (N, K), or (N,) for two classes."""
        return decide(X, self.coefficients, self.intercepts)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the labels (N,) of features ``X`` (N, D)."""
        return choose(self.classes, self.decision(X))


def fit_path(
    features: Any,
    labels: np.ndarray,
    penalties: Sequence[float],
    *,
    classifier: Classifier = "svm",
    intercept: Intercept = "penalised",
    sample_weight: np.ndarray | None = None,
    class_weight: ClassWeight = None,
    standardise: bool = False,
    added_variance: float = 0.0,
    gram: np.ndarray | None = None,
    start: np.ndarray | None = None,
    tol: float = TOLERANCE,
    max_iter: int = ITERATIONS,
    memory: int | None = None,
    on_iteration: Callable[[int, float], None] = lambda left, gap: None,
) -> list[LinearClassifier]:
    """Fit one classifier for each ``C`` in ``penalties``, all at once; return them in the same order.

    A fit that does not reach ``tol`` raises no error: ``status`` and ``gap`` report it.

    Parameters
    ----------
    features
        (N, D), real and finite: a numpy array, a torch tensor on any device, or an HDF5 data set, read in blocks.
    labels
        (N,), of two or more classes.
    penalties
        Positive values of ``C``, which multiplies a sum over rows, as in LinearSVC.
    classifier
        ``svm``: one-vs-rest squared hinge. ``logistic``: softmax over the classes. ``ridge``: least squares to +-1,
        equal to scikit-learn's RidgeClassifier with ``alpha = 1 / (2 C)``.
    intercept
        ``penalised`` as in LIBLINEAR, or ``free``.
    sample_weight
        (N,), at least 0; multiplies ``C`` row by row. A weight of 0 removes a row, a weight of 2 equals two copies,
        also in class weights and in the means and deviations of ``standardise``.
    class_weight
        A weight for each label, or ``"balanced"`` (see ``weigh_rows``); multiplies the weights of the label's rows.
    standardise, added_variance, gram, start, tol, max_iter, memory, on_iteration
        As in ``solve``.

    Raises
    ------
    UserError
        If the features have an unsupported dtype or shape, are not finite (the message names the column) or change
        during the fit, if the numbers of rows differ, if there is only one class, or if the memory is insufficient.
    """
    _check_shapes(features, labels)
    sample_weight = check_sample_weight(sample_weight, len(labels))
    classes, targets = encode(labels, classifier, sample_weight)
    solution = solve(
        features,
        targets,
        penalties,
        loss=loss_of(classifier),
        row_weights=weigh_rows(labels, sample_weight, class_weight),
        free_intercept=is_free_intercept(intercept),
        standardise=standardise,
        added_variance=added_variance,
        gram=gram,
        start=start,
        tol=tol,
        max_iter=max_iter,
        memory=memory,
        on_iteration=on_iteration,
    )
    return classifiers_of(solution, classes, penalties)


def classifiers_of(solution: Solution, classes: np.ndarray, penalties: Sequence[float]) -> list[LinearClassifier]:
    """Build classifiers from a solution without an axis of row weights."""
    coefficients, intercepts = solution.coefficients, solution.intercepts
    if solution.objective.shape[1] < coefficients.shape[1]:  # softmax: only differences between classes matter
        if len(classes) == 2:
            coefficients, intercepts = np.diff(coefficients, axis=1), np.diff(intercepts, axis=1)
        else:
            # Rounding leaves a part common to all classes, and so does a free intercept, which has no penalty.
            coefficients = coefficients - coefficients.mean(axis=1, keepdims=True)
            intercepts = intercepts - intercepts.mean(axis=1, keepdims=True)
    return [
        LinearClassifier(
            classes=classes,
            C=float(penalty),
            coefficients=coefficients[m],
            intercepts=intercepts[m],
            objective=float(solution.objective[m].sum()),
            gradient_norm=float(solution.gradient_norm[m].max()),
            gap=float(solution.gap[m].max()),
            iterations=int(solution.iterations[m].max()),
            passes=solution.passes,
            status=worst(solution.status[m]),
        )
        for m, penalty in enumerate(penalties)
    ]


def predict_path(fits: Sequence[LinearClassifier], features: Any) -> np.ndarray:
    """Predict labels (M, N) with M classifiers of the same classes, in one product with the features."""
    classes = fits[0].classes
    scores = decide(
        features,
        np.concatenate([fit.coefficients for fit in fits]),
        np.concatenate([fit.intercepts for fit in fits]),
        squeeze=False,
    )
    scores = scores.reshape(len(scores), len(fits), -1)
    return np.stack([choose(classes, scores[:, m, :]) for m in range(len(fits))])


def encode(
    labels: np.ndarray, classifier: Classifier, sample_weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes (K,) and the targets for ``solve``: signs (N, K), (N, 1) for two, or class numbers (N,).

    Only rows with a weight above 0 define classes. Targets of the other rows have no effect.

    Raises
    ------
    UserError
        If there is only one class, or labels are not whole numbers.
    """
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.floor(labels))).all():
        raise UserError(
            f"labels are {labels.dtype} and not all whole numbers; expected one discrete label for each row"
        )
    classes = np.unique(counted(labels, sample_weight))
    if len(classes) < 2:
        of = "" if sample_weight is None else " of rows with a weight above 0"
        raise UserError(f"the labels{of} hold one class only, {classes.tolist()[0]!r}; expected two or more")
    codes = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    if loss_of(classifier).coupled:
        return classes, codes
    positive = np.arange(1, 2) if len(classes) == 2 else np.arange(len(classes))
    return classes, np.where(codes[:, np.newaxis] == positive, np.int8(1), np.int8(-1))


def decide(features: Any, coefficients: np.ndarray, intercepts: np.ndarray, *, squeeze: bool = True) -> np.ndarray:
    """Compute the scores (N, K), or (N,) for one row of coefficients, block by block.

    Raises
    ------
    UserError
        If the number of columns differs from that of the fit, or a feature is not finite (the message names its column
        and row).
    """
    design = centered_design(features)
    if design.columns != coefficients.shape[1]:
        raise UserError(
            f"the features have {design.columns} columns, but the classifier was fitted with {coefficients.shape[1]}"
        )
    scores = host(design.scores(coefficients, intercepts)).T
    # A float16 value that is not finite becomes a large float32 number; in other dtypes the scores are not finite.
    if "float16" in str(design.features.dtype) or not np.isfinite(scores).all():
        design.check()
    return scores[:, 0] if squeeze and scores.shape[1] == 1 else scores


def choose(classes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the labels (N,) of the highest scores (N, K), or by the sign of scores (N, 1) or (N,)."""
    if scores.ndim == 1 or scores.shape[1] == 1:
        return classes[(scores.reshape(-1) > 0.0).astype(np.intp)]
    return classes[scores.argmax(axis=1)]


def worst(status: np.ndarray) -> str:
    """Return the worst of several statuses."""
    return next(each for each in (ITERATION_LIMIT, STALLED, CONVERGED) if each in status)


def loss_of(classifier: str) -> Loss:
    """Return the loss of a classifier.

    Raises
    ------
    UserError
        If the name is not one of ``LOSSES``.
    """
    if classifier not in LOSSES:
        raise UserError(f"got classifier {classifier!r}, expected one of {', '.join(LOSSES)}", parameter="classifier")
    return LOSSES[classifier]


def is_free_intercept(intercept: str) -> bool:
    """Return whether the intercept is free.

    Raises
    ------
    UserError
        If the name is not one of ``INTERCEPTS``.
    """
    if intercept not in INTERCEPTS:
        raise UserError(f"got intercept {intercept!r}, expected {' or '.join(INTERCEPTS)}", parameter="intercept")
    return intercept == "free"


def _check_shapes(features: Any, labels: np.ndarray) -> None:
    as_design(features)
    if labels.shape != (features.shape[0],):
        raise UserError(
            f"labels have shape {labels.shape}; expected one for each of the {features.shape[0]} rows of features"
        )
