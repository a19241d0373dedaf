"""Takes a protocol and the size of its features, gives the memory and time of its evaluation; reads no features."""

import os
import time
from dataclasses import dataclass
from math import prod

import numpy as np

from ..probe import LOSSES, Classifier, Plan, Sizes, make_plan
from ..runtime import UserError, memory_in_use
from .choice import C_GRID
from .gram import LARGEST_POOL
from .protocols import Protocol

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
    """How a fit that chooses C is solved: in the span of the rows, with Cholesky factors, or with a sketch."""
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
    classifier: Classifier = "svm",
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
    row_bytes = columns * itemsize
    pool = protocol.train_rows - protocol.held_out_rows
    drawn = protocol.labels
    select_rows = drawn or round(protocol.train_rows * (1 - protocol.held_out_share)) - protocol.held_out_rows
    report_rows = drawn or protocol.train_rows
    select = _plan(select_rows, columns, len(C_GRID), protocol.classes, itemsize, classifier, memory)
    report = _plan(report_rows, columns, 1, protocol.classes, itemsize, classifier, memory)
    draws = protocol.select_draws + protocol.draws
    shared = bool(drawn) and select_rows < columns and pool <= LARGEST_POOL and pool**2 < draws * select_rows**2
    held = memory_in_use() + protocol.train_rows * row_bytes + (8 * pool**2 if shared else 0)
    copies = (drawn or 0) * row_bytes
    test = test_rows * row_bytes
    rate = _rate()
    scored = (protocol.train_rows - select_rows) * len(C_GRID) * protocol.select_draws + test_rows * protocol.draws
    operations = (
        protocol.select_draws * (select.operations - (shared and select_rows**2 * columns))
        + protocol.draws * (report.operations - (shared and report_rows**2 * columns))
        + (pool**2 * columns if shared else 0)
        + scored * columns * protocol.classes * 2
    )
    read = protocol.select_draws * select.passes * select_rows + protocol.draws * report.passes * report_rows
    return Estimate(
        protocol=protocol.name,
        rows=select_rows,
        columns=columns,
        fits=protocol.select_draws * len(C_GRID) + protocol.draws,
        route=select.route,
        passes=select.passes,
        memory_bytes=held + max(select.memory + copies, report.memory + copies + test),
        available_bytes=_available() + memory_in_use(),
        seconds=OVERHEAD * operations / rate + read * row_bytes / READ_BYTES_PER_SECOND,
    )


def require_memory(estimate: Estimate) -> None:
    """Refuse an evaluation that cannot fit.

    Raises
    ------
    UserError
        With what is needed, what there is, and what to do.
    """
    if estimate.memory_bytes > estimate.available_bytes:
        raise UserError(
            f"{estimate.protocol} on {estimate.columns:,} features needs about {estimate.memory_bytes / 1e9:.1f} GB of "
            f"memory, and {estimate.available_bytes / 1e9:.1f} GB are there; take fewer layers (--layers), "
            "--dtype float16, a smaller --memory, or another machine",
        )


def _plan(
    rows: int, columns: int, penalties: int, classes: int, itemsize: int, classifier: Classifier, memory: int | None
) -> Plan:
    coupled = LOSSES[classifier].coupled
    outputs, signs = (classes, 1) if coupled else (1, 1 if classes == 2 else classes)
    levels = min(LEVELS, penalties)
    return make_plan(Sizes(rows, columns, penalties * signs, outputs, levels, itemsize), memory)


def _rate() -> float:
    """Measure multiplications and additions a second, in products such as the solver's."""
    generator = np.random.default_rng(0)
    left = generator.standard_normal(TRIAL[:2], dtype=np.float32)
    right = generator.standard_normal(TRIAL[1:], dtype=np.float32)
    best = np.inf
    for _ in range(5):
        started = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - started)
    return 2.0 * prod(TRIAL) / best


def _available() -> int:
    """Give the memory in bytes that can be had without swapping; all free pages where the system says no more."""
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
