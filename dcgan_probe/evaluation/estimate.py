"""Takes a protocol and the size of its features, gives the memory and time of its evaluation; reads no features."""

import time
from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np

from ..probe import LOSSES, Sizes, make_plan
from ..runtime import available_memory, check_memory, memory_in_use
from .classifiers import grid_of
from .gram import LARGEST_POOL
from .protocols import Protocol
from .settings import NEIGHBOURS, ProbeClassifier

LEVELS = 2
"""Levels of the preconditioner that the grid of C needs."""
READ_BYTES_PER_SECOND = 4e9
OVERHEAD = 1.3
"""What a fit takes beside its products, as a share of them: losses, line searches, the checks in float64."""
TRIAL = (70, 2048, 2048)


@dataclass(frozen=True)
class Estimate:
    """What one evaluation will need on this machine."""

    protocol: str
    rows: int
    """Training rows of a selection fit."""
    columns: int
    fits: int
    """Of all classes together, the grid not extended."""
    route: str
    """How a fit that chooses C is solved: in the span of the rows, with Cholesky factors, or with a sketch; or
    ``neighbours``."""
    passes: int
    """How often a stacked fit that chooses C reads the features."""
    memory_bytes: int
    """Peak of the whole process."""
    available_bytes: int
    """Free memory, and what this process holds already."""
    seconds: float
    """Fits and predictions, without the extraction of features."""


def estimate_evaluation(
    protocol: Protocol,
    columns: int,
    test_rows: int,
    *,
    itemsize: int = 4,
    classifier: ProbeClassifier = "svm",
    memory: int | None = None,
) -> Estimate:
    """Work out an evaluation's cost.

    Parameters
    ----------
    columns
        Of the features, all layers together.
    itemsize
        Bytes of a stored feature, 2 or 4.
    memory
        Bound in bytes on what a fit takes on top of the features; about a third of them if not given.

    Raises
    ------
    UserError
        If a fit cannot be made within ``memory``.
    """
    values = len(grid_of(classifier).first)
    row_bytes = columns * itemsize
    pool = protocol.train_rows - protocol.held_out_rows
    drawn = protocol.labels
    select_rows = drawn or round(protocol.train_rows * (1 - protocol.held_out_share)) - protocol.held_out_rows
    report_rows = drawn or protocol.train_rows
    select = _plan(select_rows, columns, values, protocol.classes, itemsize, classifier, memory)
    report = _plan(report_rows, columns, 1, protocol.classes, itemsize, classifier, memory)
    draws = protocol.select_draws + protocol.draws
    shared = bool(drawn) and select_rows < columns and pool <= LARGEST_POOL and pool**2 < draws * select_rows**2
    shared &= classifier not in NEIGHBOURS
    held = memory_in_use() + protocol.train_rows * row_bytes + (8 * pool**2 if shared else 0)
    copies = (drawn or 0) * row_bytes
    test = test_rows * row_bytes
    rate = product_rate()
    validated = (protocol.train_rows - select_rows) * protocol.select_draws
    reported = test_rows * protocol.draws
    operations = (
        protocol.select_draws * (select.operations - (shared and select_rows**2 * columns))
        + protocol.draws * (report.operations - (shared and report_rows**2 * columns))
        + (pool**2 * columns if shared else 0)
        + validated * select.per_scored_row
        + reported * report.per_scored_row
    )
    read = protocol.select_draws * select.passes * select_rows + protocol.draws * report.passes * report_rows
    return Estimate(
        protocol=protocol.name,
        rows=select_rows,
        columns=columns,
        fits=protocol.select_draws * values + protocol.draws,
        route=select.route,
        passes=select.passes,
        memory_bytes=held + max(select.memory + copies, report.memory + copies + test),
        available_bytes=available_memory() + memory_in_use(),
        seconds=OVERHEAD * operations / rate + read * row_bytes / READ_BYTES_PER_SECOND,
    )


def require_memory(estimate: Estimate) -> None:
    """Refuse an evaluation that cannot fit.

    Raises
    ------
    UserError
        With what is needed, what there is, and what to do.
    """
    check_memory(
        f"{estimate.protocol} on {estimate.columns:,} features",
        estimate.memory_bytes,
        estimate.available_bytes,
        "take fewer layers (`layers`), `dtype=float16`, a smaller `memory`, or another machine",
    )


@dataclass(frozen=True)
class _Cost:
    """What one stacked fit and its predictions take."""

    route: str
    passes: int
    memory: int
    operations: float
    per_scored_row: float
    """Operations."""


def _plan(
    rows: int,
    columns: int,
    values: int,
    classes: int,
    itemsize: int,
    classifier: ProbeClassifier,
    memory: int | None,
) -> _Cost:
    if classifier == "knn-cosine" or classifier == "knn-euclidean":
        # A scaled float32 copy of the rows; the search multiplies in float64, at half the rate.
        return _Cost("neighbours", 1, 4 * rows * columns, 0.0, 4.0 * rows * columns)
    coupled = LOSSES[classifier].coupled
    outputs, signs = (classes, 1) if coupled else (1, 1 if classes == 2 else classes)
    levels = min(LEVELS, values)
    plan = make_plan(Sizes(rows, columns, values * signs, outputs, levels, itemsize), memory)
    return _Cost(plan.route, plan.passes, plan.memory, plan.operations, 2.0 * values * columns * classes)


@cache
def product_rate() -> float:
    """Measure multiplications and additions a second, in products such as the solver's; once in a process."""
    generator = np.random.default_rng(0)
    left = generator.standard_normal(TRIAL[:2], dtype=np.float32)
    right = generator.standard_normal(TRIAL[1:], dtype=np.float32)
    best = np.inf
    for _ in range(5):
        started = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - started)
    return 2.0 * prod(TRIAL) / best
