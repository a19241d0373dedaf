"""Names of the classifiers that protocols probe with, and of the scalings of features."""

from collections.abc import Sequence
from typing import Literal, get_args

from ..features.settings import SCALES as SCALES, Scale as Scale
from ..linear import Classifier
from ..runtime import UserError, did_you_mean

Neighbours = Literal["knn-cosine", "knn-euclidean"]
NEIGHBOURS: tuple[Neighbours, ...] = get_args(Neighbours)
ProbeClassifier = Classifier | Neighbours
CLASSIFIERS: tuple[ProbeClassifier, ...] = (*get_args(Classifier), *NEIGHBOURS)


def check_choice(value: str, known: Sequence[str], parameter: str) -> None:
    """Raise ``UserError`` with all known values for a value that is none of them."""
    if value not in known:
        raise UserError(
            f"got {parameter} {value!r}{did_you_mean(str(value), known)}, expected one of {', '.join(known)}",
            parameter=parameter,
        )


def check_given(C: float | None, classifier: ProbeClassifier) -> None:
    """Refuse a given C, or k, that no classifier can take.

    Raises
    ------
    UserError
        If it is no positive, finite number, or no whole number of neighbours.
    """
    if C is not None and not 0.0 < C < float("inf"):
        raise UserError(f"got C = {C:g}, expected a positive, finite number such as 0.001", parameter="C")
    if C is not None and classifier in NEIGHBOURS and (C < 1.0 or int(C) != C):
        raise UserError(f"got k = {C:g}, expected a whole number of neighbours, at least 1", parameter="C")
