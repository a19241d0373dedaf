"""Records of evaluations, as dataclasses and rows of CSV: one for the evaluation and one for each fit."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints

from ..storage import unicode_text

SCHEMA_VERSION = 5
READABLE_VERSIONS = (3, 4, SCHEMA_VERSION)
"""Versions that can be read; earlier ones lack the last columns, ``ADDED``."""
ALL_LABELS = "all"
NOTE_SEPARATOR = " | "

Options = dict[str, Any]
"""JSON-compatible settings by name."""


@dataclass(frozen=True)
class Evaluation:
    """Fields that all fits of one evaluation share: one row of ``evaluations.csv``. None is an empty cell."""

    schema_version: int
    id: str
    """Unique identifier, also the name of the evaluation's files."""
    command: str
    """Command line of the evaluation; empty if it was run from Python."""
    date: str
    """Start of the evaluation: UTC, ISO 8601."""
    protocol: str
    dataset: str
    labels: str
    """``all`` or a number."""
    train_rows: int
    """Size of the whole training set."""
    test_rows: int
    """Size of the whole test set."""
    select_draws: int
    """Draws that choose the value; 0 if the user gave it."""
    draws: int
    """Draws that are reported."""
    overlap: float
    """Share of a draw's rows of a class that another draw has too, mean over the classes; 0 for a fit on all labels."""
    spread_definition: str
    features: str
    """Source of the features, such as ``dcgan``."""
    network: str
    layers: str
    """Names joined by ``+``."""
    dimension: int
    largest_layer: int | None
    """Units (maps) of the largest layer."""
    options: Options
    """Settings of the source that no other column holds: grid, pooling, batch-norm rule, dtype and others."""
    scale: str
    classifier: str
    chosen_name: str
    """Name of the chosen value: ``C``, ``k`` (nearest neighbors) or ``setting`` (random search)."""
    given: bool
    """Whether the user gave that value; otherwise it was chosen on validation rows."""
    seed: int
    """The user's seed, from which the seed of each draw is derived."""
    trained_on: str
    """Name of the images that trained the encoder without labels; empty for none."""
    trained_on_images: int
    encoder_seed: int
    run: str
    weights: str
    """Hash of the encoder's weights; empty for features without weights, such as pixels."""
    features_key_train: str
    features_key_test: str
    images_fingerprint_train: str
    images_fingerprint_test: str
    device: str
    threads: int
    versions: str
    notes: str
    """Remarks on all figures of the evaluation, joined by `` | ``."""
    duplicates: int | None = None
    """Test images with the same pixels as a training image; None if not counted."""
    imbalance: float | None = None
    """Images of the most frequent class over those of the least frequent class; the larger ratio of the two splits."""
    majority_accuracy: float | None = None
    """Accuracy of always predicting the most frequent class of the test images."""
    label: str = ""
    """Name of features and network in tables, such as ``DCGAN cpu32``; empty in records of earlier versions."""


@dataclass(frozen=True)
class ProbeRecord:
    """Record of one fit of all classes: one value of C, k or the setting on one draw. Fractions, not percent."""

    evaluation: Evaluation = field(repr=False)
    date: str
    """End of the fit: UTC, ISO 8601."""
    stage: Literal["select", "report"]
    draw: int
    """Number of the draw in its stage, from 0."""
    chosen: float
    """Value of C, k or the setting of this fit, as named by ``Evaluation.chosen_name``."""
    split: Literal["validation", "test"]
    """Rows that were scored."""
    rows_trained: int
    rows_scored: int
    images_seen: int
    """Images seen by the encoder in its training; for a supervised network, by the fit."""
    accuracy: float
    objective: float
    """Sum over the classes."""
    gradient_norm: float
    gap: float
    """Relative duality gap, maximum over the classes."""
    converged: bool
    status: str
    iterations: int
    seconds: float
    """Time of the stacked fit and its predictions, divided by the number of its fits."""
    options: Options
    """Settings of this fit only, such as those of a supervised training."""
    notes: str
    """Remarks on this fit only, joined by `` | ``."""
    balanced_accuracy: float | None = None
    """Mean over the classes of the share of rows that are classified correctly."""

    @property
    def error(self) -> float:
        """``1 - accuracy``."""
        return 1.0 - self.accuracy


EVALUATION_COLUMNS = tuple(each.name for each in fields(Evaluation))
FIT_COLUMNS = tuple(each.name for each in fields(ProbeRecord) if each.name != "evaluation")
OPTIONAL = {
    "largest_layer": "Int64",
    "duplicates": "Int64",
    "imbalance": "Float64",
    "majority_accuracy": "Float64",
    "balanced_accuracy": "Float64",
}
"""Columns of both kinds of records that may be empty, with their pandas types."""
ADDED = {
    3: ("duplicates", "imbalance", "majority_accuracy", "balanced_accuracy", "label"),
    4: ("label",),
}
"""Last columns of the current version that an earlier version lacks."""


def to_line(cells: Iterable[Any]) -> str:
    """Format one row of CSV: None as an empty cell, a dictionary as JSON, a line break in a cell as a space."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return unicode_text(to_json(value) if isinstance(value, dict) else " ".join(str(value).splitlines()))


def to_json(options: Options) -> str:
    """Format options as one line of JSON with names in alphabetical order, or as an empty string."""
    return json.dumps(options, sort_keys=True, ensure_ascii=False) if options else ""


def old_columns(version: int, columns: Sequence[str]) -> list[str]:
    """Return the columns that an earlier version has."""
    return [name for name in columns if name not in ADDED[version]]


EVALUATIONS_HEADER, FITS_HEADER = to_line(EVALUATION_COLUMNS), to_line(FIT_COLUMNS)
OLD_EVALUATIONS_HEADERS = tuple(to_line(old_columns(version, EVALUATION_COLUMNS)) for version in ADDED)


def with_added_columns(content: bytes, columns: Sequence[str]) -> bytes:
    """Return the content of a file with the columns of the current version; added columns are empty.

    Parameters
    ----------
    content
        Rows of CSV, the header first. A file of the current version, or with any other header, is returned unchanged.
    columns
        ``EVALUATION_COLUMNS`` or ``FIT_COLUMNS``.
    """
    for version in ADDED:
        old = old_columns(version, columns)
        header = to_line(old).encode()
        if len(old) < len(columns) and content.startswith(header):
            added = b"," * (len(columns) - len(old))
            rows = content[len(header) :].split(b"\n")[:-1]
            return to_line(columns).encode() + b"".join(row + added + b"\n" for row in rows)
    return content


def evaluation_line(evaluation: Evaluation) -> str:
    """Format an evaluation as a row of ``evaluations.csv``."""
    return to_line(getattr(evaluation, name) for name in EVALUATION_COLUMNS)


def fit_line(record: ProbeRecord) -> str:
    """Format a fit as a row of its evaluation's file."""
    return to_line(getattr(record, name) for name in FIT_COLUMNS)


def evaluation_of(cells: Sequence[str]) -> Evaluation:
    """Parse the cells of one row of ``evaluations.csv``.

    Raises
    ------
    ValueError
        If the number of cells, or the type or range of a cell is wrong.
    """
    found = Evaluation(**_values(Evaluation, EVALUATION_COLUMNS, cells))
    if found.labels != ALL_LABELS and not found.labels.isdecimal():
        raise ValueError(f"labels is {found.labels!r}, expected {ALL_LABELS} or a number")
    if not 0.0 <= found.overlap <= 1.0 or found.draws < 1 or found.overlap == 1.0 < found.draws:
        raise ValueError(f"overlap is {found.overlap} of {found.draws} draws, expected 0 to 1, of 1 draw or more")
    return found


def fit_of_cells(evaluation: Evaluation, cells: Sequence[str]) -> ProbeRecord:
    """Parse the cells of one row of an evaluation's fits; errors as for ``evaluation_of``."""
    found = ProbeRecord(evaluation=evaluation, **_values(ProbeRecord, FIT_COLUMNS, cells))
    if not 0.0 <= found.accuracy <= 1.0:
        raise ValueError(f"accuracy is {found.accuracy}, expected 0 to 1")
    return found


_TYPES: dict[type, dict[str, Any]] = {kind: get_type_hints(kind) for kind in (Evaluation, ProbeRecord)}


def _values(kind: type, columns: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    types = _TYPES[kind]
    return {name: _value(name, types[name], text) for name, text in zip(columns, cells, strict=True)}


def _value(name: str, kind: Any, text: str) -> Any:
    if kind is bool:
        if text not in ("True", "False"):
            raise ValueError(f"{name} is {text!r}, expected True or False")
        return text == "True"
    if kind == Options:
        options = json.loads(text or "{}")
        if not isinstance(options, dict):
            raise ValueError(f"{name} is {text!r}, expected a JSON object")
        return options
    if name in OPTIONAL:
        return get_args(kind)[0](text) if text else None
    return kind(text) if kind in (int, float) else text
