"""Test predictions of one evaluation, and their compact form on disk."""

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_LABELED_DRAWS = 10
"""Most draws whose predicted labels are stored; for more draws, correctness and confusion counts are stored."""
ARRAYS = ("labels", "chosen", "draws")
LABELED, PACKED = ("predictions",), ("correct", "confusion")


@dataclass(frozen=True, eq=False)
class TestPredictions:
    """Predictions of the reported fits of one evaluation."""

    __test__ = False  # since pytest collects classes named Test...

    evaluation: str
    """Id of the evaluation."""
    chosen: float
    """Value of C, k or the setting of the fits."""
    labels: np.ndarray
    """int64 (test rows,): true labels."""
    correct: np.ndarray
    """bool (draws, test rows): whether each prediction is right."""
    confusion: np.ndarray
    """int64 (draws, classes, classes): number of rows of each true class (axis 1) and predicted class (axis 2)."""
    predictions: np.ndarray | None
    """int64 (draws, test rows): predicted labels; None if they were not stored, for more than 10 draws."""

    @classmethod
    def of(cls, evaluation: str, predictions: np.ndarray, labels: np.ndarray, chosen: float) -> "TestPredictions":
        """Compare predicted labels, int64 (draws, test rows), with true labels, int64 (test rows,)."""
        classes = int(max(predictions.max(), labels.max())) + 1
        confusion = np.stack(
            [np.bincount(labels * classes + row, minlength=classes**2).reshape(classes, classes) for row in predictions]
        )
        return cls(evaluation, float(chosen), labels, predictions == labels, confusion, predictions)

    def arrays(self) -> dict[str, Any]:
        """Return the arrays to store, by name: predicted labels of up to 10 draws, else packed bits and counts."""
        stored = {"labels": _small(self.labels), "chosen": self.chosen, "draws": len(self.correct)}
        if self.predictions is not None and len(self.predictions) <= MOST_LABELED_DRAWS:
            return {**stored, "predictions": _small(self.predictions)}
        # One row of bits per test image: its draws are similar, which compresses better than one row per draw.
        return {**stored, "correct": np.packbits(self.correct.T, axis=1), "confusion": _small(self.confusion)}

    @classmethod
    def from_arrays(cls, evaluation: str, stored: dict[str, np.ndarray]) -> "TestPredictions":
        """Build predictions from the arrays that ``arrays`` returns."""
        labels, chosen = stored["labels"].astype(np.int64), float(stored["chosen"])
        if "predictions" in stored:
            return cls.of(evaluation, stored["predictions"].astype(np.int64), labels, chosen)
        correct = np.unpackbits(stored["correct"], axis=1, count=int(stored["draws"])).T.astype(bool)
        return cls(evaluation, chosen, labels, correct, stored["confusion"].astype(np.int64), None)


def _small(numbers: np.ndarray) -> np.ndarray:
    """Return whole numbers of at least 0 in the smallest unsigned type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
