"""Estimates of the memory and time of an evaluation, from its protocol and the size of its features."""

import time
from dataclasses import dataclass
from functools import cache, partial
from math import prod
from typing import NamedTuple

import numpy as np

from ..linear import LOSSES, Sizes, make_plan
from ..runtime import available_memory, check_memory, memory_in_use
from .classifiers import grid_of
from .draw_grams import LARGEST_POOL
from .protocols import Protocol
from .settings import NEIGHBORS, ProbeClassifier

LEVELS = 2
"""Levels of the preconditioner for the grid of C."""
READ_BYTES_PER_SECOND = 4e9
OVERHEAD = 1.3
"""Time of a fit over that of its matrix products; the rest are losses, line searches and checks in float64."""
TRIAL = (70, 2048, 2048)


@dataclass(frozen=True)
class Estimate:
    """Estimated cost of one evaluation on this machine."""

    protocol: str
    rows: int
    """Training rows of a selection fit."""
    columns: int
    fits: int
    """Number of fits of all classes, without extensions of the grid."""
    route: str
    """Method of a fit that chooses C: in the span of the rows, with Cholesky factors, or with a sketch; or
    ``neighbors``."""
    passes: int
    """Number of times that a stacked fit that chooses C reads the features."""
    memory_bytes: int
    """Peak memory of the process."""
    available_bytes: int
    """Free memory plus the memory that this process uses already."""
    seconds: float
    """Time of fits and predictions, without the extraction of features."""


def estimate_evaluation(
    protocol: Protocol,
    columns: int,
    test_rows: int,
    *,
    itemsize: int = 4,
    classifier: ProbeClassifier = "svm",
    memory: int | None = None,
) -> Estimate:
    """Estimate the cost of an evaluation.

    Parameters
    ----------
    columns
        Number of features of an image, all layers together.
    itemsize
        Bytes of a stored feature, 2 or 4.
    memory
        Bound in bytes on the memory of a fit beside the features; about a third of the features by default.

    Raises
    ------
    UserError
        If a fit cannot be made within ``memory``.
    """
    drawn, pool, row_bytes = protocol.labels, protocol.train_rows - protocol.held_out_rows, columns * itemsize
    rest = drawn or round(protocol.train_rows * (1 - protocol.held_out_share)) - protocol.held_out_rows
    values = len(grid_of(classifier).first)
    cost = partial(_cost, classifier, memory, protocol.classes, columns, itemsize)
    select = cost(rest, values, protocol.train_rows - rest)
    report = cost(drawn or protocol.train_rows, 1, test_rows)
    stages = (protocol.select_draws, select), (protocol.draws, report)
    # The Gram matrices of draws may be parts of one matrix, that of the pool.
    alone = sum(draws * each.rows**2 for draws, each in stages)
    shared = bool(drawn) and rest < columns and pool <= LARGEST_POOL and pool**2 < alone and classifier not in NEIGHBORS
    operations = sum(draws * each.operations for draws, each in stages) - shared * (alone - pool**2) * columns
    read = sum(draws * each.passes * each.rows for draws, each in stages) * row_bytes
    held = memory_in_use() + (protocol.train_rows + (drawn or 0)) * row_bytes + shared * 8 * pool**2
    return Estimate(
        protocol=protocol.name,
        rows=rest,
        columns=columns,
        fits=protocol.select_draws * values + protocol.draws,
        route=select.route,
        passes=select.passes,
        memory_bytes=held + max(select.memory, report.memory + test_rows * row_bytes),
        available_bytes=available_memory() + memory_in_use(),
        seconds=OVERHEAD * operations / product_rate() + read / READ_BYTES_PER_SECOND,
    )


class _Cost(NamedTuple):
    """Cost of one stacked fit and its predictions."""

    rows: int
    route: str
    passes: int
    memory: int
    operations: float


def _cost(
    classifier: ProbeClassifier,
    memory: int | None,
    classes: int,
    columns: int,
    itemsize: int,
    rows: int,
    values: int,
    scored: int,
) -> _Cost:
    if classifier == "knn-cosine" or classifier == "knn-euclidean":
        # A scaled float32 copy of the rows; the search multiplies in float64, at half the rate.
        return _Cost(rows, "neighbors", 1, 4 * rows * columns, 4.0 * scored * rows * columns)
    outputs, signs = (classes, 1) if LOSSES[classifier].coupled else (1, 1 if classes == 2 else classes)
    plan = make_plan(Sizes(rows, columns, values * signs, outputs, min(LEVELS, values), itemsize), memory)
    predicting = 2.0 * scored * values * columns * classes
    return _Cost(rows, plan.route, plan.passes, plan.memory, plan.operations + predicting)


def require_memory(estimate: Estimate) -> None:
    """Check that an evaluation fits into memory.

    Raises
    ------
    UserError
        If it does not; the message gives the needed and the available memory, and what to do.
    """
    check_memory(
        f"{estimate.protocol} on {estimate.columns:,} features",
        estimate.memory_bytes,
        estimate.available_bytes,
        "use fewer layers (`layers`), `dtype=float16`, a smaller `memory`, or another machine",
    )


@cache
def product_rate() -> float:
    """Measure the rate of matrix products such as the solver's, in operations per second, once in a process."""
    generator = np.random.default_rng(0)
    left = generator.standard_normal(TRIAL[:2], dtype=np.float32)
    right = generator.standard_normal(TRIAL[1:], dtype=np.float32)
    best = np.inf
    for _ in range(5):
        started = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - started)
    return 2.0 * prod(TRIAL) / best
