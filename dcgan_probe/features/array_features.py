"""Feature sets of numpy arrays, memory maps and h5py data sets."""

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
    """Features of an array, read in blocks of rows, with the interface of ``FeatureFile``."""

    def __init__(self, X: Any, labels: np.ndarray, layers: Layers, name: str, split: str):
        """Check and hash all rows; later reads access the array again.

        Parameters
        ----------
        X
            Real numbers (N, D): an object with ``shape``, ``dtype`` and slices of rows.
        labels
            int64 (N,).

        Raises
        ------
        UserError
            If a number is not finite; the message gives the set, split, row and column.
        """
        self._rows = X
        self.shape: tuple[int, int] = tuple(int(size) for size in X.shape)  # type: ignore[assignment]
        self.dtype = _stored_dtype(X)
        self.labels, self.layers, self.path = labels, dict(layers), Path(name)
        self.fingerprint = fingerprint_blocks(self.shape, self._blocks(f"{name} ({split})"), labels)
        self.settings: dict[str, Any] = {"encoder": "arrays", "layers": list(layers), "dtype": str(self.dtype)}
        self.key = fingerprint_settings({**self.settings, "images": self.fingerprint})

    def _blocks(self, place: str) -> Iterator[np.ndarray]:
        for start in range(0, self.shape[0], READ_ROWS):
            block = self.read(start, start + READ_ROWS)
            finite = np.isfinite(block)
            if not finite.all():
                row, column = (int(axis[0]) for axis in np.nonzero(~finite))
                raise UserError(
                    f"{place}: got {block[row, column]} in row {start + row}, column {column} of the features, "
                    "expected finite numbers; remove the row or column, or fill in the value"
                )
            yield block

    def read(self, start: int = 0, stop: int | None = None, columns: slice = slice(None)) -> np.ndarray:
        """Read rows ``start`` to ``stop`` and a range of columns."""
        return np.asarray(self._rows[start:stop])[:, columns].astype(self.dtype, copy=False)


def array_pair(
    train: Arrays, test: Arrays, *, name: str = "arrays", layers: Layers | None = None
) -> tuple[FeatureSet, FeatureSet]:
    """Build the feature sets of a training and a test split from arrays.

    Parameters
    ----------
    train, test
        Features (N, D) of real numbers (an array, a memory map or an h5py data set) and labels (N,) of integers or
        strings. Floating-point features keep their dtype; integers are read as float32.
    name
        Name of the data set in records and tables.
    layers
        Column range (start, stop) of each layer by name, in order and without gaps; by default one layer ``features``.

    Returns
    -------
    tuple
        Training and test features; the labels are int64 class numbers in the sorted order of the training labels.

    Raises
    ------
    UserError
        If shapes or types do not match, a feature is not finite, there is only one class, or the test labels contain a
        class that the training labels lack.
    """
    (X, y), (Z, z) = (_checked(pair, f"{name} ({split})") for pair, split in ((train, "train"), (test, "test")))
    if X.shape[1] != Z.shape[1]:
        raise UserError(f"{name}: got {X.shape[1]} training and {Z.shape[1]} test columns, expected the same")
    dtypes = [_stored_dtype(each) for each in (X, Z)]
    if dtypes[0] != dtypes[1]:
        raise UserError(
            f"{name}: got training features {dtypes[0]}, test features {dtypes[1]}; expected the same dtype"
        )
    if (y.dtype.kind in "USO") != (z.dtype.kind in "USO"):
        raise UserError(f"{name}: got labels {y.dtype} for training and {z.dtype} for test, expected the same kind")
    classes, known = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise UserError(f"{name} (train): got only the label {classes[0]!s}, expected at least two classes")
    other = np.setdiff1d(z, classes)
    if len(other):
        raise UserError(
            f"{name}: got test labels {', '.join(map(str, other[:5]))}, expected only labels of the training set: "
            f"{', '.join(map(str, classes[:20]))}"
        )
    ranges = layers or {"features": (0, X.shape[1])}
    return (
        _feature_set(X, known.astype(np.int64), ranges, name, "train"),
        _feature_set(Z, np.searchsorted(classes, z).astype(np.int64), ranges, name, "test"),
    )


def _stored_dtype(X: Any) -> np.dtype:
    """Return the dtype in which features are read: the array's floating-point dtype, or float32 for integers."""
    return np.dtype(X.dtype if str(X.dtype) in FLOATS else "float32")


def _checked(pair: Arrays, place: str) -> tuple[Any, np.ndarray]:
    """Check the shapes and types of features and labels, and return both."""
    X, y = _checked_rows(pair[0], place), _checked_labels(pair[1], place)
    if len(y) != X.shape[0]:
        raise UserError(f"{place}: got {X.shape[0]} rows of features and {len(y)} labels, expected one label per row")
    return X, y


def _checked_rows(X: Any, place: str) -> Any:
    """Check features (N, D) of real numbers and return them; objects without a dtype become arrays."""
    if np.ma.is_masked(X):
        raise UserError(
            f"{place}: got features with masked values, expected none; remove those rows, or fill in the values"
        )
    if hasattr(X, "toarray"):
        raise UserError(f"{place}: got features in a sparse {type(X).__name__}, expected an array; pass X.toarray()")
    try:
        kind = np.dtype(X.dtype).kind
    except (AttributeError, TypeError):  # a list, a data frame, a tensor
        X = _as_array(X, place, "features")
        kind = X.dtype.kind
    shape = tuple(X.shape)
    if kind not in "fiub":
        raise UserError(
            f"{place}: got features of dtype {X.dtype}, expected real numbers; convert them, for example "
            "with X.astype(numpy.float32)"
        )
    if len(shape) != 2:
        remedy = "X.reshape(len(X), -1)" if len(shape) > 2 else "X[:, None] for one number per row"
        raise UserError(f"{place}: got features {X.dtype} {shape}, expected two dimensions (N, D); pass {remedy}")
    if 0 in shape:
        raise UserError(f"{place}: got features {X.dtype} {shape}, expected at least one row and one column")
    return X


def _checked_labels(y: Any, place: str) -> np.ndarray:
    """Check labels (N,) of integers or strings, and return them as an array."""
    y = _as_array(y, place, "labels")
    if y.ndim != 1:
        remedy = "y.argmax(axis=1) for one-hot rows" if y.ndim == 2 and y.shape[1] > 1 else "y.ravel()"
        raise UserError(f"{place}: got labels {y.dtype} {y.shape}, expected one dimension (N,); pass {remedy}")
    if y.dtype.kind == "O":
        kinds = (str,) if len(y) and isinstance(y[0], str) else (int, np.integer)
        wrong = [row for row, label in enumerate(y) if not isinstance(label, kinds)]
        if wrong:
            raise UserError(
                f"{place}: got label {y[wrong[0]]!r} in row {wrong[0]} ({type(y[wrong[0]]).__name__}), expected all "
                "integers or all strings"
            )
        return np.array(y.tolist())
    if y.dtype.kind not in "iubUS":
        raise UserError(
            f"{place}: got labels of dtype {y.dtype}, expected integers or strings; for whole numbers, "
            "pass y.astype(int)"
        )
    return y


def _as_array(given: Any, place: str, what: str) -> np.ndarray:
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{place}: got {what} of type {type(given).__name__}, which cannot be converted ({error}); expected a "
            "numpy array"
        ) from error


def _feature_set(X: Any, labels: np.ndarray, layers: Layers, name: str, split: str) -> FeatureSet:
    file = ArrayFeatures(X, labels, layers, name, split)
    return FeatureSet(file, tuple(layers), EncoderOrigin("arrays"), name, split, file.fingerprint)
