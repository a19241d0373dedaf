"""Names of the classifiers that protocols probe with, and of the scalings of features."""

from typing import Literal, get_args

from ..probe import Classifier

Neighbours = Literal["knn-cosine", "knn-euclidean"]
NEIGHBOURS: tuple[Neighbours, ...] = get_args(Neighbours)
ProbeClassifier = Classifier | Neighbours
CLASSIFIERS: tuple[ProbeClassifier, ...] = (*get_args(Classifier), *NEIGHBOURS)
Scale = Literal["none", "standardise", "standardise+0.01"]
SCALES: tuple[Scale, ...] = get_args(Scale)
