"""Features in arrays: numpy arrays, memory maps and h5py data sets with their labels, as feature sets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import UserError
from ..storage import fingerprint_blocks, fingerprint_settings
from .feature_set import READ_ROWS, EncoderOrigin, FeatureSet

Arrays = tuple[Any, Any]
"""Features (N, D) and labels (N,)."""
Layers = Mapping[str, tuple[int, int]]
FLOATS = ("float16", "float32", "float64")


class ArrayFeatures:
    """Features of an array, read in blocks of rows; has the attributes of a feature file."""

    def __init__(self, X: Any, labels: np.ndarray, layers: Layers, name: str):
        """Hash the rows, which are then read again by those who need them.

        Parameters
        ----------
        X
            Numbers (N, D) with a ``shape``, a ``dtype`` and slices of rows.
        labels
            int64 (N,).
        """
        self._rows = X
        self.shape: tuple[int, int] = tuple(int(size) for size in X.shape)  # type: ignore[assignment]
        self.dtype = np.dtype(X.dtype if str(X.dtype) in FLOATS else "float32")
        self.labels, self.layers, self.path = labels, dict(layers), Path(name)
        self.fingerprint = fingerprint_blocks(self.shape, self._blocks(), labels)
        self.settings: dict[str, Any] = {"encoder": "arrays", "layers": list(layers), "dtype": str(self.dtype)}
        self.key = fingerprint_settings({**self.settings, "images": self.fingerprint})

    def _blocks(self) -> Iterator[np.ndarray]:
        for start in range(0, self.shape[0], READ_ROWS):
            yield self.read(start, start + READ_ROWS)

    def read(self, start: int = 0, stop: int | None = None, columns: slice = slice(None)) -> np.ndarray:
        """Read rows ``start`` to ``stop`` and a range of columns."""
        return np.asarray(self._rows[start:stop])[:, columns].astype(self.dtype, copy=False)


def array_pair(
    train: Arrays, test: Arrays, *, name: str = "arrays", layers: Layers | None = None
) -> tuple[FeatureSet, FeatureSet]:
    """Return the feature sets of two splits that are arrays.

    Parameters
    ----------
    train, test
        Features (N, D), an array, a memory map or an h5py data set of real numbers, and their labels (N,), integers or
        strings. Integers that are no float32 are read as float32.
    name
        Name of the data set in records and tables.
    layers
        Named column ranges (first, after the last), in order and without gaps; one layer ``features`` if not given.

    Raises
    ------
    UserError
        If shapes or types are others, or the test labels have a class that the training labels lack.
    """
    (X, y), (Z, z) = (_checked(pair, split) for pair, split in ((train, "train"), (test, "test")))
    if X.shape[1] != Z.shape[1]:
        raise UserError(f"{name}: got {X.shape[1]} training and {Z.shape[1]} test columns, expected the same")
    classes, known = np.unique(y, return_inverse=True)
    other = np.setdiff1d(z, classes)
    if len(other):
        raise UserError(
            f"{name}: test labels have {', '.join(map(str, other[:5]))}, which no training label has; training labels "
            f"are {', '.join(map(str, classes[:20]))}"
        )
    ranges = layers or {"features": (0, X.shape[1])}
    return (
        _feature_set(X, known.astype(np.int64), ranges, name, "train"),
        _feature_set(Z, np.searchsorted(classes, z).astype(np.int64), ranges, name, "test"),
    )


def _checked(pair: Arrays, split: str) -> tuple[Any, np.ndarray]:
    """Check the shapes and types of features and labels."""
    X, y = pair
    X = X if hasattr(X, "shape") and hasattr(X, "dtype") else np.asarray(X)
    y = np.asarray(y)
    if len(X.shape) != 2 or 0 in X.shape or np.dtype(X.dtype).kind not in "fiub":
        raise UserError(f"{split}: got features {X.dtype} {tuple(X.shape)}, expected numbers (N, D)")
    if y.shape != (X.shape[0],) or y.dtype.kind not in "iubUSO":
        raise UserError(f"{split}: got labels {y.dtype} {y.shape}, expected integers or strings ({X.shape[0]},)")
    return X, y


def _feature_set(X: Any, labels: np.ndarray, layers: Layers, name: str, split: str) -> FeatureSet:
    file = ArrayFeatures(X, labels, layers, name)
    return FeatureSet(file, tuple(layers), EncoderOrigin("arrays"), name, split, file.fingerprint)
