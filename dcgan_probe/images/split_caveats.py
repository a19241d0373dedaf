"""Facts on an evaluation's images that its accuracy hides: unbalanced classes, and copies of training images."""

from dataclasses import dataclass

import numpy as np

from . import ImageSet

UNBALANCED = 1.5
"""Images of the most frequent class over those of the least frequent, above which an accuracy alone misleads."""


def imbalance(labels: np.ndarray) -> float:
    """Return the images of the most frequent class over those of the least frequent one, at least 1.

    Parameters
    ----------
    labels
        int64 (N,), at least one; classes without any image do not count.
    """
    sizes = _class_sizes(labels)
    return float(sizes.max() / sizes.min())


def majority_accuracy(labels: np.ndarray) -> float:
    """Return the accuracy of naming the most frequent class always, 0 to 1, for labels int64 (N,)."""
    return float(_class_sizes(labels).max() / len(labels))


def balanced_accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean over the classes of the share of their images that is classified correctly, 0 to 1.

    Parameters
    ----------
    predicted, labels
        int64 (N,), at least one; classes without any image in ``labels`` do not count.
    """
    right = np.bincount(labels[predicted == labels], minlength=int(labels.max()) + 1)
    sizes = np.bincount(labels)
    return float((right[sizes > 0] / sizes[sizes > 0]).mean())


def _class_sizes(labels: np.ndarray) -> np.ndarray:
    sizes = np.bincount(labels)
    return sizes[sizes > 0]


@dataclass(frozen=True)
class SplitCaveats:
    """Facts on two splits that qualify figures on their test images."""

    duplicates: int | None
    """Test images whose pixels a training image has too; None where they were not counted."""
    imbalance: float | None
    """Images of the most frequent class over those of the least frequent, of the split where that is larger."""
    majority_accuracy: float | None
    """Accuracy on the test images of naming their most frequent class always."""

    @property
    def unbalanced(self) -> bool:
        """True if the class sizes are known and too unequal for the accuracy alone."""
        return self.imbalance is not None and self.imbalance > UNBALANCED


def split_caveats(
    train_labels: np.ndarray, test_labels: np.ndarray, train: ImageSet | None, test: ImageSet | None
) -> SplitCaveats:
    """Return the caveats of two splits; no fit and no choice depends on them.

    Parameters
    ----------
    train_labels, test_labels
        int64 (N,) of the whole splits.
    train, test
        The images; None where only their features are at hand, and no copies can be counted.
    """
    return SplitCaveats(
        duplicates=None if train is None or test is None else test.count_copies_of(train),
        imbalance=max(imbalance(train_labels), imbalance(test_labels)),
        majority_accuracy=majority_accuracy(test_labels),
    )
