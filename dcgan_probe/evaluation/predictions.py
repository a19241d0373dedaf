"""Test predictions of one evaluation, and the arrays that keep them small on disk."""

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_LABELED_DRAWS = 10
"""Up to so many draws the predicted labels are kept; of more, whether they were right, and confusion counts."""
ARRAYS = ("labels", "chosen", "draws")
LABELED, PACKED = ("predictions",), ("correct", "confusion")


@dataclass(frozen=True, eq=False)
class TestPredictions:
    """Predictions of the reported fits of one evaluation."""

    __test__ = False  # pytest would take the class for a test.

    evaluation: str
    """Id of the evaluation."""
    chosen: float
    """Value of C, k or the setting that the fits have."""
    labels: np.ndarray
    """int64 (test rows,): true labels."""
    correct: np.ndarray
    """bool (draws, test rows)."""
    confusion: np.ndarray
    """int64 (draws, classes, classes): rows of each true class (second axis) that were given each class (third)."""
    predictions: np.ndarray | None
    """int64 (draws, test rows): predicted labels; None where they were not kept, of more than 10 draws."""

    @classmethod
    def of(cls, evaluation: str, predictions: np.ndarray, labels: np.ndarray, chosen: float) -> "TestPredictions":
        """Count predicted labels, int64 (draws, test rows), against true ones, int64 (test rows,)."""
        classes = int(max(predictions.max(), labels.max())) + 1
        confusion = np.stack(
            [np.bincount(labels * classes + row, minlength=classes**2).reshape(classes, classes) for row in predictions]
        )
        return cls(evaluation, float(chosen), labels, predictions == labels, confusion, predictions)

    def arrays(self) -> dict[str, Any]:
        """Return what is stored, by name: the predicted labels of up to 10 draws, else packed bits and counts."""
        stored = {"labels": _small(self.labels), "chosen": self.chosen, "draws": len(self.correct)}
        if self.predictions is not None and len(self.predictions) <= MOST_LABELED_DRAWS:
            return {**stored, "predictions": _small(self.predictions)}
        # One row of bits a test image: its draws are alike, which compresses better than a row a draw.
        return {**stored, "correct": np.packbits(self.correct.T, axis=1), "confusion": _small(self.confusion)}

    @classmethod
    def from_arrays(cls, evaluation: str, stored: dict[str, np.ndarray]) -> "TestPredictions":
        """Read what ``arrays`` returned."""
        labels, chosen = stored["labels"].astype(np.int64), float(stored["chosen"])
        if "predictions" in stored:
            return cls.of(evaluation, stored["predictions"].astype(np.int64), labels, chosen)
        correct = np.unpackbits(stored["correct"], axis=1, count=int(stored["draws"])).T.astype(bool)
        return cls(evaluation, chosen, labels, correct, stored["confusion"].astype(np.int64), None)


def _small(numbers: np.ndarray) -> np.ndarray:
    """Return whole numbers of at least 0 in the smallest unsigned type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
