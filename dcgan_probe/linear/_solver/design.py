"""Products of a design matrix, block by block, for features in memory or on disk.

The design matrix is ``X = [(F - mean) / deviation, 1]``: features ``F`` (N, D), optionally standardized, and a constant
last column, which is not stored. Each block is converted to the dtype of the product and standardized when it is read.
Subtracting the mean from the product instead would lose digits by cancellation. So float16, files and standardized
features need one block of memory, and plain float32 arrays none.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from ...runtime import UserError
from .arrays import SINGLE, array_namespace, device, dtype_name, host, host64, is_torch_array
from .conversion import THREADS, convert
from .losses import Array
from .products import BLOCK_BYTES, PART_ROWS, add_cross_product, add_product, weighed_parts
from .scaling import Scaling, Standardize, measure_columns

LARGEST_HALF = 65504.0
FLOAT32_SQUARES = 1e15
"""Sums of squares of features up to this size stay within float32."""
SAMPLE_ROWS = 1024


class RowReader(Protocol):
    """Features on disk, such as an ``h5py.Dataset``."""

    shape: tuple[int, ...]
    dtype: Any

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Read consecutive rows (n, D)."""


class Design:
    """Features (N, D) of a dtype in ``DTYPES`` and a constant column, as a matrix for products.

    Arithmetic is in ``dtype``, by default ``stored``: float32 for float16 and float32 features, else float64. ``width``
    is D + 1, or D if ``intercept`` is False because the features contain the constant column. ``passes`` counts the
    passes over the features.
    """

    def __init__(self, features: Any, *, intercept: bool = True, scaling: Scaling | None = None, dtype: Any = None):
        """Wrap features: a numpy array, a torch tensor on any device, or a ``RowReader``."""
        self.in_memory = isinstance(features, np.ndarray) or is_torch_array(features)
        self.xp = array_namespace(features if self.in_memory else np.empty(0))
        self.features, self.intercept, self.scaling = features, intercept, scaling
        self.rows, self.columns = (int(size) for size in features.shape)
        self.width = self.columns + intercept
        self.stored = self.xp.float32 if dtype_name(features) in SINGLE else self.xp.float64
        self.dtype = dtype or self.stored
        self.device = device(features) if self.in_memory else "cpu"
        self.passes = 0
        self.mean_square = 0.0

    def array(self, values: Any, dtype: Any = None) -> Array:
        """Return host values as an array on the device of the features."""
        return self.xp.asarray(values, dtype=dtype, device=self.device)

    def zeros(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Return an array of zeros on the device of the features."""
        return self.xp.zeros(shape, dtype=dtype or self.dtype, device=self.device)

    def blocks(self, dtype: Any = None, *, raw: bool = False) -> Iterator[tuple[slice, Array]]:
        """Yield consecutive row blocks (n, D) in a dtype; each is valid until the next, since they share a buffer.

        ``raw`` blocks are not standardized.
        """
        dtype = dtype or self.dtype
        self.passes += 1
        finish = None if raw or self.scaling is None else Standardize(self.scaling, dtype, self.zeros((0,)))
        if self.in_memory and self.features.dtype == dtype and finish is None:
            yield slice(0, self.rows), self.features
            return
        size = min(self.rows, max(16, BLOCK_BYTES // (self.columns * (8 if "64" in str(dtype) else 4))))
        buffer = self.xp.empty((size, self.columns), dtype=dtype, device=self.device)
        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, self.rows, size):
                rows = slice(start, min(start + size, self.rows))
                block = buffer[: rows.stop - start]
                convert(self.features[rows], block, pool, finish)
                yield rows, block

    def forward(self, weights: Array, dtype: Any = None) -> Array:
        """Return the scores (J, N) of weights (J, width), in a dtype."""
        dtype = dtype or self.dtype
        weights = self.xp.astype(weights, dtype, copy=False)
        columns = self.xp.asarray(weights[:, : self.columns].T, copy=True)
        scores = self.zeros((weights.shape[0], self.rows), dtype)
        for rows, block in self.blocks(dtype):
            for start in range(0, block.shape[0], PART_ROWS):
                part = block[start : start + PART_ROWS]
                first = rows.start + start
                scores[:, first : first + part.shape[0]] = (part @ columns).T
        if self.intercept:
            scores += weights[:, -1:]
        return scores

    def scores(self, coefficients: np.ndarray, intercepts: np.ndarray) -> Array:
        """Return the scores (J, N) of coefficients float64 (J, D) and intercepts (J,) for the original features."""
        if self.scaling is not None:
            coefficients, intercepts = self.scaling.scaled(coefficients, intercepts)
        return self.forward(self.array(np.concatenate([coefficients, intercepts[:, None]], axis=1), self.dtype))

    def backward(self, residuals: Array, dtype: Any = None) -> Array:
        """Return the sums of rows (J, width) weighted by residuals (J, N), in a dtype."""
        dtype = dtype or self.dtype
        residuals = self.xp.astype(residuals, dtype, copy=False)
        sums = self.zeros((residuals.shape[0], self.columns), dtype)
        for rows, block in self.blocks(dtype):
            add_product(sums, residuals[:, rows], block)
        return self._with_totals(sums, residuals)

    def _with_totals(self, sums: Array, residuals: Array) -> Array:
        """Append the constant column's sums to those of the features (J, D)."""
        if not self.intercept:
            return sums
        return self.xp.concat([sums, self.xp.sum(residuals, axis=1)[:, None]], axis=1)

    def moments(self, row_weights: Array | None = None) -> Array:
        """Return ``X'X`` (width, width) in the design's dtype; only its lower triangle is defined.

        With weights ``W`` (N,) of mean 1, in this dtype, the result is ``X'WX``.
        """
        storage = self.zeros((self.width * self.width,))
        inner = storage[: self.columns * self.columns].reshape((self.columns, self.columns)).T
        sums = self.zeros((self.columns,), self.xp.float64)
        for rows, block in self.blocks():
            for part, own in weighed_parts(block, None if row_weights is None else row_weights[rows]):
                add_cross_product(part if own is None else part * self.xp.sqrt(own)[:, None], inner)
                sums += self.xp.sum(part, axis=0, dtype=self.xp.float64) if own is None else own @ part
        if not self.intercept:
            return inner
        moments = storage.reshape((self.width, self.width)).T
        # Columns move apart by one place each, starting with the last, so no second matrix of this size is needed.
        for column in range(self.columns - 1, -1, -1):
            start = column * self.columns
            moments[: self.columns, column] = self.xp.asarray(storage[start : start + self.columns], copy=True)
        moments[-1, : self.columns] = self.xp.astype(sums, self.dtype)
        moments[: self.columns, -1] = self.xp.astype(sums, self.dtype)
        moments[-1, -1] = self.rows
        return moments

    def sketch(self, directions: Array, row_weights: Array | None = None) -> Array:
        """Return ``X'X``, or ``X'WX`` with weights (N,), times directions (width, r), in one pass."""
        weights = directions.T
        inner = weights[:, : self.columns]
        sums = self.zeros(inner.shape)
        totals = self.zeros((inner.shape[0], 1))
        for rows, block in self.blocks():
            scores = inner @ block.T
            if self.intercept:
                scores += weights[:, -1:]
            if row_weights is not None:
                scores *= row_weights[rows]
            add_product(sums, scores, block)
            totals += self.xp.sum(scores, axis=1)[:, None]
        return self._with_totals(sums, totals).T

    def check(self) -> tuple[float, np.ndarray]:
        """Read the features once; return the largest absolute value and the squared lengths of rows, float64 (N,).

        Raises
        ------
        UserError
            If a feature is not finite; the message names its column and row.
        """
        largest, lengths = 0.0, np.empty(self.rows)
        for first, block in self._parts():
            size = max(float(block.max()), -float(block.min()))
            # A float16 value that is not finite becomes a float32 number above the largest float16.
            if not np.isfinite(size) or ("float16" in str(self.features.dtype) and size > LARGEST_HALF):
                _refuse(host(self.features[first : first + block.shape[0]]), first)
            largest = max(largest, size)
            if size > FLOAT32_SQUARES:
                block = self.xp.astype(block, self.xp.float64, copy=False)
            with np.errstate(over="ignore"):  # the caller checks for overflow
                lengths[first : first + block.shape[0]] = host(self.xp.vecdot(block, block))
        return largest, lengths

    def converted(self) -> "Design":
        """Read the features once; return a design of their copy in this dtype, standardized like this design."""
        copy = self.zeros((self.rows, self.columns))
        for rows, block in self.blocks():
            copy[rows] = block
        result = Design(copy, intercept=self.intercept, dtype=self.dtype)
        result.mean_square = self.mean_square
        return result

    def lengths(self) -> np.ndarray:
        """Read the features once; return the squared lengths of the design's rows without the constant, (N,)."""
        return np.concatenate([host64(self.xp.vecdot(block, block)) for _, block in self.blocks()])

    def rows_at(self, numbers: np.ndarray) -> Array:
        """Read the features once; return the design's rows (E, width) of the given numbers (E,)."""
        result = self.zeros((len(numbers), self.width)) + 1.0
        for rows, block in self.blocks():
            for place in np.flatnonzero((numbers >= rows.start) & (numbers < rows.start + block.shape[0])):
                result[place, : self.columns] = block[int(numbers[place]) - rows.start]
        return result

    def find(self, size: float) -> tuple[int, int]:
        """Return row and column of the first feature of an absolute value."""
        for first, block in self._parts():
            rows, columns = np.nonzero(np.abs(host(block)) == size)
            if len(rows):
                return first + int(rows[0]), int(columns[0])
        raise ValueError(f"no feature has the absolute value {size}")

    def measure(self, added_variance: float = 0.0, weights: np.ndarray | None = None) -> Scaling:
        """Read the features once; return the scaling of columns, with row weights (N,), see ``measure_columns``."""
        parts = ((first, host(part)) for first, part in self._parts())
        if weights is None:
            return measure_columns(((part, None) for _, part in parts), added_variance)
        weighed = ((part, weights[first : first + len(part)]) for first, part in parts)
        return measure_columns(((part[own > 0.0], own[own > 0.0]) for part, own in weighed), added_variance)

    def farthest(self) -> tuple[int, float]:
        """Return the column whose mean is the most deviations from 0, and that number, from the first rows."""
        scaling = measure_columns([(host64(self.features[0 : min(self.rows, SAMPLE_ROWS)]), None)])
        distances = np.abs(scaling.mean) / scaling.deviation
        return int(np.argmax(distances)), float(distances.max())

    def _parts(self) -> Iterator[tuple[int, Array]]:
        """Yield raw blocks of at most ``BLOCK_BYTES`` in float64, each after the number of its first row."""
        size = max(16, BLOCK_BYTES // (8 * self.columns))
        for rows, block in self.blocks(self.stored, raw=True):
            for start in range(0, block.shape[0], size):
                yield rows.start + start, block[start : start + size]


def _refuse(block: np.ndarray, first: int) -> None:
    row, column = (int(axis[0]) for axis in np.nonzero(~np.isfinite(block)))
    value = "NaN" if np.isnan(block[row, column]) else "inf"
    raise UserError(
        f"Input X contains {value}, first in column {column} at row {first + row}; expected finite features, so check "
        "the source of that column"
    )
