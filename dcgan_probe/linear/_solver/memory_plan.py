"""Route of a fit, chosen by its sizes and a bound on memory, and its expected cost."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from ...runtime import UserError
from .lbfgs import MEMORY

SPAN_ROWS = 8192
"""Largest number of rows whose Gram matrix is computed."""
FACTORED_WIDTH = 12_000
"""Largest width of a Cholesky factorization; the time grows with its cube."""
LARGEST_RANK, LEAST_RANK = 2048, 32
FIXED_BYTES = 64 << 20
"""Memory of blocks and of temporary arrays of losses."""
SHARE_OF_FEATURES, LEAST_MEMORY = 0.3, 320 << 20
NARROW_WIDTH = 257
"""Largest width for which every problem has a separate Hessian."""
HELD_NUMBERS = 1 << 20
"""Largest number of features kept in float64 for Hessians of few columns, or sampled for a softmax."""
MOST_HELD = 1 << 24
"""Largest number of features of few columns that are kept converted and standardized between passes."""
ITERATIONS = {"narrow": 12, "span": 25, "factored": 22, "sketched": 40}
"""Typical number of iterations to a gap of 1e-3 on features of a discriminator, for estimates."""


@dataclass(frozen=True)
class Sizes:
    """Sizes that determine the cost of a fit."""

    rows: int
    columns: int
    problems: int
    outputs: int = 1
    """Coupled outputs of each problem."""
    levels: int = 1
    """Levels of the preconditioner, about one per factor of ten in ``C``."""
    itemsize: int = 4
    """Bytes of a stored feature: 2, 4 or 8."""
    arithmetic: int = 4
    """Bytes of a number in products: 4 or 8."""
    on_cpu: bool = True
    in_memory: bool = True
    targets: int = 1
    """Rows of the targets, (K, N) or (1, N)."""

    @property
    def width(self) -> int:
        """Number of weights of an output, D + 1."""
        return self.columns + 1

    @property
    def features_bytes(self) -> int:
        """Size of the stored features in bytes."""
        return self.rows * self.columns * self.itemsize


@dataclass(frozen=True)
class Plan:
    """Route of a fit, and its expected cost."""

    route: Literal["narrow", "span", "factored", "sketched"]
    """A Hessian for each problem, the span of the rows, Cholesky factors of ``X'X``, or a sketch of its spectrum."""
    rank: int
    """Rank of the sketch; 0 for other routes."""
    together: int
    """Number of problems solved at once; further problems follow in groups."""
    levels: int
    """Number of levels of the preconditioner in memory at once."""
    memory: int
    """Expected peak memory in bytes, on top of features in memory."""
    passes: int
    """Expected number of passes over the features."""
    operations: float
    """Expected number of multiplications and additions."""
    own_rank: int = 0
    """Rank of the sketch for a problem solved alone in float64; 0 for Cholesky factors."""


def default_memory(sizes: Sizes) -> int:
    """Return the default bound on memory in bytes: about a third of the features as float32, at least 320 MiB.

    A single problem of few columns may exceed it.
    """
    return max(LEAST_MEMORY, int(SHARE_OF_FEATURES * 4 * sizes.rows * sizes.columns))


def make_plan(sizes: Sizes, memory: int | None = None) -> Plan:
    """Choose a route within a bound on memory.

    Parameters
    ----------
    sizes
        Sizes of the fit.
    memory
        Bound in bytes, on top of features in memory. None for ``default_memory``, which one problem of few columns, or
        the Gram matrices of fewer rows than columns, may exceed.

    Raises
    ------
    UserError
        If one problem does not fit; the message contains the memory that it needs.
    """
    bound = default_memory(sizes) if memory is None else memory
    if sizes.rows <= sizes.columns and sizes.rows <= SPAN_ROWS:
        needed = _span_bytes(sizes)
        if needed <= bound or memory is None:
            return Plan("span", 0, sizes.problems, sizes.levels, needed, 5, _span_operations(sizes))
    if sizes.on_cpu and sizes.width <= NARROW_WIDTH and (memory is None or _narrow_bytes(sizes, 1) <= bound):
        return _narrow(sizes, bound)
    shared = sizes.width**2 * sizes.arithmetic
    if sizes.width <= FACTORED_WIDTH and shared + _column_bytes(sizes) + _fixed_bytes(sizes) <= bound:
        plan = _factored(sizes, bound, shared)
    else:
        plan = _sketched(sizes, bound)
    if sizes.width <= FACTORED_WIDTH and 8 * sizes.width**2 + _column_bytes(sizes) + _fixed_bytes(sizes) <= bound:
        return plan
    # A rank needs as much memory as two rows of a float64 factor.
    return replace(plan, own_rank=max(LEAST_RANK, (plan.rank or sizes.width // 2) // 2))


def _fixed_bytes(sizes: Sizes) -> int:
    """Return the bytes of blocks, targets and weights of all problems, for any number of problems solved at once."""
    weights = 8 * sizes.problems * sizes.outputs * sizes.width
    return FIXED_BYTES + weights + (1 + sizes.arithmetic) * sizes.targets * sizes.rows


def _column_bytes(sizes: Sizes) -> int:
    """Return the bytes of one problem: scores and residuals in float64 or four arrays, weights, gradients, history."""
    inner = 24 * sizes.rows + (40 + 2 * (MEMORY + 2) * sizes.arithmetic) * sizes.width
    return inner * sizes.outputs


def _narrow_bytes(sizes: Sizes, together: int) -> int:
    """Return the bytes of problems solved together: Hessians, active rows, scores, residuals, kept and sampled rows."""
    column = 24 * sizes.width**2 + 12 * sizes.rows + _column_bytes(sizes)
    held = 8 * min(2 * HELD_NUMBERS + MOST_HELD, 3 * sizes.rows * sizes.width)
    return _fixed_bytes(sizes) + held + together * column


def _narrow(sizes: Sizes, bound: int) -> Plan:
    least = _narrow_bytes(sizes, 0)
    together = max(1, min(sizes.problems, (bound - least) // (_narrow_bytes(sizes, 1) - least)))
    iterations, columns = ITERATIONS["narrow"], sizes.problems * sizes.outputs
    operations = sizes.rows * sizes.width**2 + sizes.problems * sizes.width**2 * (sizes.rows + iterations * sizes.width)
    operations += iterations * columns * 4 * sizes.width * sizes.rows
    groups = -(-sizes.problems // together)
    return Plan(
        "narrow", 0, together, sizes.levels, _narrow_bytes(sizes, together), 3 + groups * 2 * iterations, operations
    )


def _factored(sizes: Sizes, bound: int, shared: int) -> Plan:
    column = _column_bytes(sizes)
    held = 1
    for wanted in range(sizes.levels, 1, -1):
        if _fixed_bytes(sizes) + wanted * shared + column * -(-sizes.problems * wanted // sizes.levels) <= bound:
            held = wanted
            break
    together = min(sizes.problems, (bound - _fixed_bytes(sizes) - held * shared) // column)
    iterations = ITERATIONS["factored"]
    groups = max(-(-sizes.problems // together), -(-sizes.levels // held))
    operations = (
        sizes.rows * sizes.width**2
        + sizes.levels * sizes.width**3 / 3
        + iterations * sizes.problems * sizes.outputs * 4 * sizes.width * (sizes.rows + sizes.width)
    )
    used = _fixed_bytes(sizes) + held * shared + together * column
    return Plan("factored", 0, together, held, used, 4 + groups * (2 * iterations + 2), operations)


def _sketched(sizes: Sizes, bound: int) -> Plan:
    column = _column_bytes(sizes)
    of_rank = 2 * sizes.width * sizes.arithmetic
    rank = min(LARGEST_RANK, max(LEAST_RANK, sizes.width // 4), sizes.rows, sizes.width)
    least = _fixed_bytes(sizes) + column + LEAST_RANK * of_rank + 32 * LEAST_RANK**2
    if least > bound:
        raise UserError(
            f"a fit of {sizes.rows:,} x {sizes.columns:,} features needs at least {least / 1e6:,.0f} MB of "
            f"additional memory, but the bound is {max(0, bound) / 1e6:,.0f} MB; raise it, or use fewer "
            "rows or columns",
            parameter="memory",
        )
    left = bound - _fixed_bytes(sizes)
    share = min(left - column, max(left // 2, left - sizes.problems * column))
    # of_rank r + 32 r^2 <= share: directions, their images, and four small float64 matrices.
    most = int((math.sqrt(of_rank**2 + 128 * share) - of_rank) / 64)
    rank = max(min(rank, LEAST_RANK), min(rank, most))
    together = max(1, min(sizes.problems, (left - rank * of_rank - 32 * rank**2) // column))
    iterations = ITERATIONS["sketched"]
    groups = -(-sizes.problems // together)
    operations = (
        4 * sizes.rows * sizes.width * rank
        + 4 * sizes.width * rank**2
        + iterations * sizes.problems * sizes.outputs * 4 * sizes.width * (sizes.rows + rank)
    )
    used = _fixed_bytes(sizes) + rank * of_rank + 32 * rank**2 + together * column
    return Plan("sketched", rank, together, sizes.levels, used, 3 + groups * (2 * iterations + 2), operations)


def _span_bytes(sizes: Sizes) -> int:
    reduced = Sizes(sizes.rows, sizes.rows, sizes.problems, sizes.outputs, sizes.levels, itemsize=8, arithmetic=8)
    matrices = (3 + sizes.levels) * 8 * sizes.rows**2
    weights = 24 * sizes.problems * sizes.outputs * sizes.width
    if not sizes.in_memory:
        weights += sizes.features_bytes
    return _fixed_bytes(sizes) + matrices + sizes.problems * _column_bytes(reduced) + weights


def _span_operations(sizes: Sizes) -> float:
    rows, columns = sizes.rows, sizes.problems * sizes.outputs
    gram = rows**2 * sizes.columns
    inner = (2 + sizes.levels) * rows**3 / 3 + ITERATIONS["span"] * columns * 8 * rows**2
    return gram + inner + 6 * columns * rows * sizes.columns
