"""Names of the classifiers and of their intercepts."""

from typing import Literal

Classifier = Literal["svm", "logistic", "ridge"]
Intercept = Literal["penalised", "free"]
INTERCEPTS: tuple[Intercept, ...] = ("penalised", "free")
