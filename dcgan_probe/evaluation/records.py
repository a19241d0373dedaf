"""Takes the numbers of one fit, gives its record, as a row of text and back; knows no file and no classifier."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_type_hints

import numpy as np
import pandas

SCHEMA_VERSION = 2
ALL_LABELS = "all"
NOTE_SEPARATOR = " | "


@dataclass(frozen=True)
class ProbeRecord:
    """One fit: one C on one draw, all classes. Fractions, not percent; an absent number is an empty cell."""

    schema_version: int
    evaluation: str
    """Unique for each call; all fits of a row of the table have it in common."""
    command: str
    """The command line that made it; empty where Python code called."""
    date: str
    """UTC, ISO 8601."""
    protocol: str
    dataset: str
    labels: str
    """``all`` or a number."""
    features: str
    network: str
    layers: str
    """Names joined by ``+``."""
    dimension: int
    largest_layer: int | None
    """Units (maps) of the largest layer."""
    extraction: str
    """Grid, pooling, batch-norm rule, dtype."""
    scale: str
    classifier: str
    stage: Literal["select", "report"]
    draw: int
    """From 0 on, in each stage."""
    draws: int
    """Draws that this stage of the evaluation plans."""
    C: float
    """The penalty; for nearest neighbours their number k."""
    c_given: bool
    """Whether the user gave C; then nothing was selected."""
    split: Literal["validation", "test"]
    """What was scored."""
    spread_definition: str
    rows_trained: int
    rows_scored: int
    train_rows: int
    """Size of the whole training set."""
    test_rows: int
    """Size of the whole test set."""
    accuracy: float
    error: float
    objective: float
    """Sum over the classes."""
    gradient_norm: float
    gap: float
    """Greatest relative duality gap of a class."""
    converged: bool
    status: str
    iterations: int
    seed: int
    """The user's seed, from which each draw derives its own."""
    trained_on: str
    """Images that trained the encoder without labels; empty for none."""
    trained_on_images: int
    images_seen: int
    encoder_seed: int
    run: str
    weights: str
    """Hash of the encoder's weights; empty for pixels."""
    features_key_train: str
    features_key_test: str
    images_fingerprint_train: str
    images_fingerprint_test: str
    seconds: float
    """Time of the stacked fit and its predictions, divided among its fits."""
    device: str
    threads: int
    versions: str
    notes: str
    """What a reader of the figure has to know, joined by `` | ``."""


@dataclass(frozen=True)
class TestPredictions:
    """What the reported fits of one evaluation predicted."""

    __test__ = False  # pytest would take the class for a test.

    evaluation: str
    predictions: np.ndarray
    """int64 (draws, test rows)."""
    labels: np.ndarray
    """int64 (test rows,): what was right."""
    C: float


COLUMNS = tuple(field.name for field in fields(ProbeRecord))
_TYPES = get_type_hints(ProbeRecord)
OPTIONAL = tuple(name for name in COLUMNS if _TYPES[name] == int | None)


def to_line(cells: Iterable[Any]) -> str:
    """Write one row of CSV; None is an empty cell, a line break within a cell a space."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(
        ["" if cell is None else " ".join(str(cell).splitlines()) for cell in cells]
    )
    return text.getvalue()


HEADER = to_line(COLUMNS)


def from_cells(cells: Sequence[str]) -> ProbeRecord:
    """Read the cells of one row.

    Raises
    ------
    ValueError
        If their number or the type of one is wrong.
    """
    return ProbeRecord(**{name: _value(name, text) for name, text in zip(COLUMNS, cells, strict=True)})


def _value(name: str, text: str) -> Any:
    kind = _TYPES[name]
    if kind is bool:
        if text not in ("True", "False"):
            raise ValueError(f"{name} is {text!r}, expected True or False")
        return text == "True"
    if kind in (int, float):
        return kind(text)
    if name in OPTIONAL:
        return int(text) if text else None
    return text


def records_of(frame: pandas.DataFrame) -> list[ProbeRecord]:
    """Turn a table such as ``Results.read`` gives, or some of its rows, back into records."""
    rows = frame.to_dict("records")
    for row in rows:
        row.update({name: None if pandas.isna(row[name]) else int(row[name]) for name in OPTIONAL})
    return [ProbeRecord(**row) for row in rows]
