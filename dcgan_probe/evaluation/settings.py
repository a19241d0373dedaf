"""Names of the classifiers of an evaluation and of the scalings of features."""

from collections.abc import Sequence
from typing import Literal, get_args

from ..features.settings import SCALES as SCALES, Scale as Scale
from ..linear import Classifier
from ..runtime import UserError, did_you_mean

Neighbors = Literal["knn-cosine", "knn-euclidean"]
NEIGHBORS: tuple[Neighbors, ...] = get_args(Neighbors)
ProbeClassifier = Classifier | Neighbors
CLASSIFIERS: tuple[ProbeClassifier, ...] = (*get_args(Classifier), *NEIGHBORS)


def check_choice(value: str, known: Sequence[str], parameter: str) -> None:
    """Raise ``UserError`` for an unknown value, with all known values."""
    if value not in known:
        raise UserError(
            f"got {parameter} {value!r}{did_you_mean(str(value), known)}, expected one of {', '.join(known)}",
            parameter=parameter,
        )


def check_given(C: float | None, classifier: ProbeClassifier) -> None:
    """Check a given C, or k for nearest neighbors.

    Raises
    ------
    UserError
        If it is not a positive, finite number, or for nearest neighbors not a whole number.
    """
    if C is not None and not 0.0 < C < float("inf"):
        raise UserError(f"got C = {C:g}, expected a positive, finite number such as 0.001", parameter="C")
    if C is not None and classifier in NEIGHBORS and (C < 1.0 or int(C) != C):
        raise UserError(f"got k = {C:g}, expected a whole number of neighbors, at least 1", parameter="C")
