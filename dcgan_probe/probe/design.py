"""Takes features in memory or on disk, gives their products block by block; knows no loss and no solver.

The design matrix is ``X = [(F - mean) / deviation, 1]``: features ``F`` (N, D), standardised if asked, and a constant
last column. Neither is stored: the products correct for them. Blocks are converted to the precision of a product as
they are read, so that float16 and files cost one block of memory, and float32 arrays nothing.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.linalg

from ..runtime import UserError
from .arrays import array_namespace, device, is_torch_array
from .conversion import THREADS, convert
from .losses import Array

BLOCK_BYTES = 16 << 20
PART_ROWS = 2048
"""Rows times a skinny matrix is up to a third faster in parts of this size than whole, or with the rows transposed."""
SKINNY = 256
LARGEST_HALF = 65504.0
DTYPES = ("float16", "float32", "float64")


class RowReader(Protocol):
    """Features on disk: what an ``h5py.Dataset`` and ``storage.FeatureColumns`` have."""

    shape: tuple[int, ...]
    dtype: Any

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Read consecutive rows, (n, D)."""


@dataclass(frozen=True)
class Statistics:
    """Columns' float64 (D,) mean and deviation."""

    mean: np.ndarray
    deviation: np.ndarray
    """Of the population; 1 for a constant column."""


class Design:
    """Features (N, D) float16, float32 or float64, and a constant column, as a matrix that only multiplies.

    Arithmetic is in ``dtype``: if not chosen, float64 for float64 features, else float32. ``width`` is D + 1, or D
    where ``intercept`` is False because the features hold the constant already. ``passes`` counts how often the
    features were read.
    """

    def __init__(self, features: Any, *, intercept: bool = True, scaling: Statistics | None = None, dtype: Any = None):
        """Keep the features: a numpy array, a torch tensor of any device, or a ``RowReader``."""
        self.in_memory = isinstance(features, np.ndarray) or is_torch_array(features)
        self.xp = array_namespace(features if self.in_memory else np.empty(0))
        self.features, self.intercept, self.scaling = features, intercept, scaling
        self.rows, self.columns = (int(size) for size in features.shape)
        self.width = self.columns + intercept
        self.dtype = dtype or (self.xp.float64 if "float64" in str(features.dtype) else self.xp.float32)
        self.device = device(features) if self.in_memory else "cpu"
        self.passes = 0
        self.mean_square = 0.0

    def array(self, values: Any, dtype: Any = None) -> Array:
        """Bring host values to where the features are."""
        return self.xp.asarray(values, dtype=dtype, device=self.device)

    def zeros(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Make an array of zeros beside the features."""
        return self.xp.zeros(shape, dtype=dtype or self.dtype, device=self.device)

    def blocks(self, dtype: Any = None) -> Iterator[tuple[slice, Array]]:
        """Give consecutive row blocks (n, D) in a dtype; converted ones share a buffer, so use each before the next."""
        dtype = dtype or self.dtype
        self.passes += 1
        if self.in_memory and self.features.dtype == dtype:
            yield slice(0, self.rows), self.features
            return
        size = min(self.rows, max(16, BLOCK_BYTES // (self.columns * (8 if "64" in str(dtype) else 4))))
        buffer = self.xp.empty((size, self.columns), dtype=dtype, device=self.device)
        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, self.rows, size):
                rows = slice(start, min(start + size, self.rows))
                block = buffer[: rows.stop - start]
                convert(self.features[rows], block, pool)
                yield rows, block

    def forward(self, weights: Array, dtype: Any = None) -> Array:
        """Give the scores (J, N) of weights (J, width), in a dtype."""
        dtype = dtype or self.dtype
        weights = self.xp.astype(weights, dtype, copy=False)
        inner, offsets = self._unscaled(weights)
        columns = self.xp.asarray(inner.T, copy=True)
        scores = self.zeros((weights.shape[0], self.rows), dtype)
        for rows, block in self.blocks(dtype):
            for start in range(0, block.shape[0], PART_ROWS):
                part = block[start : start + PART_ROWS]
                first = rows.start + start
                scores[:, first : first + part.shape[0]] = (part @ columns).T
        if offsets is not None:
            scores += offsets[:, None]
        return scores

    def backward(self, residuals: Array, dtype: Any = None) -> Array:
        """Give the sums of rows (J, width) weighted by residuals (J, N), in a dtype."""
        dtype = dtype or self.dtype
        residuals = self.xp.astype(residuals, dtype, copy=False)
        sums = self.zeros((residuals.shape[0], self.columns), dtype)
        for rows, block in self.blocks(dtype):
            _add_product(sums, residuals[:, rows], block)
        return self._scaled_sums(sums, self.xp.sum(residuals, axis=1))

    def _unscaled(self, weights: Array) -> tuple[Array, Array | None]:
        """Give the weights of the raw columns (J, D), and what they add to every row's score (J,)."""
        inner = weights[:, : self.columns]
        offsets = weights[:, -1] if self.intercept else None
        if self.scaling is not None:
            inner = inner / self.array(self.scaling.deviation, weights.dtype)
            shift = inner @ self.array(self.scaling.mean, weights.dtype)
            offsets = -shift if offsets is None else offsets - shift
        return inner, offsets

    def _scaled_sums(self, sums: Array, totals: Array) -> Array:
        """Turn sums of raw rows (J, D) with total weights (J,) into sums of the design's rows (J, width)."""
        if self.scaling is not None:
            sums -= totals[:, None] * self.array(self.scaling.mean, sums.dtype)
            sums /= self.array(self.scaling.deviation, sums.dtype)
        return self.xp.concat([sums, totals[:, None]], axis=1) if self.intercept else sums

    def moments(self) -> Array:
        """Give ``X'X`` (width, width) in the design's dtype; only its lower triangle is defined."""
        storage = self.zeros((self.width * self.width,))
        inner = storage[: self.columns * self.columns].reshape((self.columns, self.columns)).T
        sums = self.zeros((self.columns,), self.xp.float64)
        for _, block in self.blocks():
            _add_cross_product(block, inner)
            sums += self.xp.sum(block, axis=0, dtype=self.xp.float64)
        if self.scaling is not None:
            mean, deviation = (self.array(each) for each in (self.scaling.mean, self.scaling.deviation))
            inner -= self.xp.astype(self.rows * mean, self.dtype)[:, None] * self.xp.astype(mean, self.dtype)
            inner /= self.xp.astype(deviation, self.dtype)[:, None]
            inner /= self.xp.astype(deviation, self.dtype)
            sums = (sums - self.rows * mean) / deviation
        if not self.intercept:
            return inner
        moments = storage.reshape((self.width, self.width)).T
        # The columns move apart by one place each, last one first: no second matrix of this size.
        for column in range(self.columns - 1, -1, -1):
            start = column * self.columns
            moments[: self.columns, column] = self.xp.asarray(storage[start : start + self.columns], copy=True)
        moments[-1, : self.columns] = self.xp.astype(sums, self.dtype)
        moments[: self.columns, -1] = self.xp.astype(sums, self.dtype)
        moments[-1, -1] = self.rows
        return moments

    def sketch(self, directions: Array) -> Array:
        """Give ``X'X`` times directions (width, r), in one pass."""
        weights = directions.T
        inner, offsets = self._unscaled(weights)
        sums, totals = self.zeros(inner.shape), self.zeros((inner.shape[0],))
        for _, block in self.blocks():
            scores = inner @ block.T
            if offsets is not None:
                scores += offsets[:, None]
            _add_product(sums, scores, block)
            totals += self.xp.sum(scores, axis=1)
        return self._scaled_sums(sums, totals).T

    def check(self) -> float:
        """Read the features once; give the size of the largest, and keep ``mean_square``, of a row's length.

        Raises
        ------
        UserError
            If a feature is not finite, naming its column and row.
        """
        largest, total = 0.0, 0.0
        for first, block in self._parts():
            size = max(float(block.max()), -float(block.min()))
            # A float16 that is not finite is widened to something beyond the largest one.
            if not np.isfinite(size) or ("float16" in str(self.features.dtype) and size > LARGEST_HALF):
                _refuse(host(self.features[first : first + block.shape[0]]), first)
            largest = max(largest, size)
            flat = block.reshape(-1)
            with np.errstate(over="ignore"):  # the caller refuses what is too large
                total += float(flat @ flat)
        self.mean_square = total / self.rows + self.intercept
        return largest

    def measure(self, added_variance: float = 0.0) -> Statistics:
        """Read the features once; give the statistics of their columns, updated block by block (Chan et al., 1979).

        The deviation is the root of the variance plus ``added_variance``.
        """
        count, mean, squares = 0, np.zeros(self.columns), np.zeros(self.columns)
        low, high = np.full(self.columns, np.inf), np.full(self.columns, -np.inf)
        for _, part in self._parts():
            block = host(part)
            low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
            own = block.mean(axis=0, dtype=np.float64)
            centred, step = block - own, own - mean
            share = len(block) / (count + len(block))
            squares += np.einsum("nd,nd->d", centred, centred) + step**2 * count * share
            mean += step * share
            count += len(block)
        # Rounding leaves a constant column a deviation that is not quite zero, so it is found by its range.
        return Statistics(mean, np.where(low == high, 1.0, np.sqrt(squares / count + added_variance)))

    def _parts(self) -> Iterator[tuple[int, Array]]:
        """Give blocks of at most ``BLOCK_BYTES`` in float64, with the number of their first row."""
        size = max(16, BLOCK_BYTES // (8 * self.columns))
        for rows, block in self.blocks():
            for start in range(0, block.shape[0], size):
                yield rows.start + start, block[start : start + size]


def as_design(features: Any) -> Design:
    """Wrap features; tensors on the CPU become numpy arrays, which are faster there, and odd layouts whole rows."""
    kind = str(features.dtype).removeprefix("torch.")
    if len(features.shape) != 2 or 0 in features.shape or kind not in DTYPES:
        raise UserError(
            f"features are {features.dtype} {tuple(features.shape)}; expected float16, float32 or float64 (N, D), not "
            "empty"
        )
    marks = getattr(getattr(features, "file", None), "attrs", {})
    if "complete" in marks and not marks["complete"]:
        raise UserError("the file of the features is not complete: its writing was interrupted; finish it first")
    if is_torch_array(features) and features.device.type == "cpu":
        features = features.detach().numpy()
    if isinstance(features, np.ndarray) and features.itemsize not in features.strides:
        features = np.ascontiguousarray(features)
    return Design(features)


def _add_cross_product(block: Array, moments: Array) -> None:
    """Add ``block' block`` to the lower triangle of moments (D, D), which for numpy are in Fortran order."""
    if isinstance(block, np.ndarray):
        syrk = scipy.linalg.blas.get_blas_funcs("syrk", (moments,))
        if block.flags.c_contiguous:
            syrk(1.0, block.T, beta=1.0, c=moments, lower=1, overwrite_c=1)
        else:
            syrk(1.0, block, beta=1.0, c=moments, trans=1, lower=1, overwrite_c=1)
    else:
        moments += block.T @ block


def _add_product(sums: Array, left: Array, block: Array) -> None:
    """Add ``left block`` to sums (J, D): a skinny left part by part, a thick one with no temporary of that size."""
    if len(left) <= SKINNY:
        for start in range(0, block.shape[0], PART_ROWS):
            rows = slice(start, start + PART_ROWS)
            sums += left[:, rows] @ block[rows]
    elif isinstance(block, np.ndarray) and block.flags.c_contiguous:
        gemm = scipy.linalg.blas.get_blas_funcs("gemm", (block,))
        gemm(1.0, block.T, left.T, beta=1.0, c=sums.T, overwrite_c=1)
    else:
        sums += left @ block


def host(array: Array) -> np.ndarray:
    """Give an array in the computer's own memory."""
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()


def host64(array: Array) -> np.ndarray:
    """Give an array in the computer's own memory, in float64."""
    return host(array).astype(np.float64, copy=False)


def check_finite(found: Array) -> None:
    """Refuse what was computed from features that were finite when they were first read.

    Raises
    ------
    UserError
        If anything is not finite.
    """
    xp = array_namespace(found)
    if not bool(xp.all(xp.isfinite(found))):
        raise UserError(
            "the features changed while they were read: they were finite, and gave a result that is not; start again "
            "once nothing writes to them"
        )


def _refuse(block: np.ndarray, first: int) -> None:
    row, column = (int(axis[0]) for axis in np.nonzero(~np.isfinite(block)))
    value = "NaN" if np.isnan(block[row, column]) else "inf"
    raise UserError(
        f"X contains {value}, first in column {column} at row {first + row}; expected finite features, so check "
        "what made that column"
    )
