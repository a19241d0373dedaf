"""Names of the classifiers and of their intercepts."""

from typing import Literal

Classifier = Literal["svm", "logistic", "ridge"]
"""L2-SVM, softmax regression, or ridge regression on signs."""
Intercept = Literal["penalised", "free"]
"""Intercept inside the penalty, as in LIBLINEAR, or outside it."""
INTERCEPTS: tuple[Intercept, ...] = ("penalised", "free")
