"""Conversion of a results folder from schema version 2, one file of fits with all columns, to the current version.

::

    RESULTS/records.csv, predictions/ID.npz                 version 2; kept as RESULTS/schema-2/
    RESULTS/converting/                                     evaluations converted so far
    RESULTS/evaluations.csv, fits/, predictions/            current version

``records.csv`` moves last, so that no reader mistakes a partly converted folder for a complete one.
"""

import ast
import csv
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import UserError
from ..storage import read_arrays
from .predictions import TestPredictions
from .records import (
    ALL_LABELS,
    EVALUATION_COLUMNS,
    FIT_COLUMNS,
    NOTE_SEPARATOR,
    OPTIONAL,
    SCHEMA_VERSION,
    Evaluation,
    Options,
    ProbeRecord,
)
from .results import OLD_RECORDS, Results

OLD_VERSION = "2"
BACKUP, CONVERTING = "schema-2", "converting"
OLD_COLUMNS = ("schema_version", "evaluation", "extraction", "C", "c_given", "stage", "draws", "accuracy", "notes")
"""Columns that identify a file of version 2."""
CHOSEN_NAMES = {"knn-cosine": "k", "knn-euclidean": "k", "softmax": "setting"}
RENAMED = {"lr": "learning_rate", "weight decay": "weight_decay"}
"""New names of settings of a supervised training; the old names were abbreviated or contained blanks."""

ClassRows = Callable[[str, str], np.ndarray | None]
"""Function of the name and fingerprint of a training set that returns its class sizes, int64 (classes,), or None."""


def convert_results(
    folder: str | Path,
    class_rows: ClassRows,
    on_note: Callable[[str], None] = lambda sentence: None,
    on_kept: Callable[[], None] = lambda: None,
) -> tuple[int, list[str]]:
    """Convert a folder in place, and keep the old files in its subfolder ``schema-2``.

    The same call resumes an interrupted conversion.

    Parameters
    ----------
    class_rows
        Function that returns the class sizes, which decide the overlap of draws. If it returns None, all classes count
        as equal in size.
    on_note
        Called with a sentence if an interrupted conversion is resumed.
    on_kept
        Called after each converted evaluation.

    Returns
    -------
    tuple
        Number of converted evaluations, and the ids of those with unknown class sizes.

    Raises
    ------
    UserError
        If the folder has no records of version 2, or they are damaged.
    """
    folder = Path(folder)
    old, backup, part = folder / OLD_RECORDS, folder / BACKUP, Results(folder / CONVERTING)
    if not old.exists() and (backup / OLD_RECORDS).exists():
        return 0, []
    groups, unknown = _read_old(old), []
    if not Results(folder).path.exists():
        done = {evaluation.id for evaluation in part.evaluations()} if part.path.exists() else set()
        if done:
            on_note(f"{folder}: resuming at evaluation {len(done)} of {len(groups)}")
        kept = backup if (backup / "predictions").exists() else folder
        for name, rows in groups.items():
            sizes = class_rows(rows[0]["dataset"], rows[0]["images_fingerprint_train"])
            if sizes is None and rows[0]["labels"] != ALL_LABELS:
                unknown.append(name)
            if name not in done:
                _convert(rows, sizes, kept / "predictions" / f"{name}.npz", part)
                on_kept()
        _move(folder / "predictions", backup / "predictions")
        for name in ("fits", "predictions", part.path.name):
            _move(part.folder / name, folder / name)
    _move(old, backup / OLD_RECORDS)
    shutil.rmtree(part.folder, ignore_errors=True)
    return len(groups), unknown


def _convert(rows: Sequence[dict[str, str]], sizes: np.ndarray | None, predictions: Path, results: Results) -> None:
    """Convert one evaluation, with its predictions, and append it to results of the current version."""
    evaluation = _evaluation(rows, sizes)
    if predictions.exists():
        stored = read_arrays(predictions, ("predictions", "labels", "C"))
        predicted, labels = (stored[key].astype(np.int64) for key in ("predictions", "labels"))
        results.write_predictions(TestPredictions.of(evaluation.id, predicted, labels, float(stored["C"])))
    results.fits_path(evaluation.id).unlink(missing_ok=True)  # of an interrupted conversion
    results.append([_fit(row, evaluation) for row in rows])


def _move(source: Path, target: Path) -> None:
    """Move a file or folder, unless it was moved before."""
    if source.exists() and not target.exists():
        target.parent.mkdir(exist_ok=True)
        os.replace(source, target)


def _read_old(path: Path) -> dict[str, list[dict[str, str]]]:
    """Read the rows of each evaluation, keyed by its id."""
    if not path.exists():
        raise UserError(
            f"{path.parent} has no {OLD_RECORDS} of schema version {OLD_VERSION}, so there is nothing to convert",
            parameter="results",
        )
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in OLD_COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UserError(f"{path} lacks the columns {', '.join(missing)}; expected a file of schema version 2")
        groups: dict[str, list[dict[str, str]]] = {}
        for number, row in enumerate(reader, 2):
            if row["schema_version"] != OLD_VERSION or None in row.values():
                raise UserError(
                    f"{path}, row {number}, is incomplete or not of schema version {OLD_VERSION}; restore that row, or "
                    "move it out of the file, and rerun the command"
                )
            groups.setdefault(row["evaluation"], []).append(row)
    return groups


def _evaluation(rows: Sequence[dict[str, str]], sizes: np.ndarray | None) -> Evaluation:
    selected, reported = ([row for row in rows if row["stage"] == stage] for stage in ("select", "report"))
    first = rows[0]
    options = _shared_options(rows)
    searched = parse_extraction(reported[0]["extraction"]).get("settings") if reported else None
    if searched is not None:
        options["settings"] = searched
    values: dict[str, Any] = {name: first[name] for name in EVALUATION_COLUMNS if name in first}
    values |= {
        "schema_version": SCHEMA_VERSION,
        "id": first["evaluation"],
        "select_draws": int(selected[0]["draws"]) if selected else 0,
        "draws": int(reported[0]["draws"]) if reported else 1,
        "overlap": _overlap(rows, sizes),
        "options": options,
        "chosen_name": CHOSEN_NAMES.get(first["classifier"], "C"),
        "given": first["c_given"] == "True",
        "notes": NOTE_SEPARATOR.join(_shared_notes(rows)),
    }
    for name in ("train_rows", "test_rows", "dimension", "trained_on_images", "encoder_seed", "seed", "threads"):
        values[name] = int(values[name])
    values |= {name: int(first[name]) if first[name] else None for name in OPTIONAL if name in first}
    return Evaluation(**values)


def _fit(row: dict[str, str], evaluation: Evaluation) -> ProbeRecord:
    options = parse_extraction(row["extraction"])
    shared = evaluation.notes.split(NOTE_SEPARATOR)
    values: dict[str, Any] = {name: row[name] for name in FIT_COLUMNS if name in row}
    values |= {
        "chosen": float(row["C"]),
        "converged": row["converged"] == "True",
        "options": {name: value for name, value in options.items() if name not in evaluation.options},
        "notes": NOTE_SEPARATOR.join(note for note in row["notes"].split(NOTE_SEPARATOR) if note not in shared),
    }
    for name in ("draw", "rows_trained", "rows_scored", "images_seen", "iterations"):
        values[name] = int(values[name])
    for name in ("accuracy", "objective", "gradient_norm", "gap", "seconds"):
        values[name] = float(values[name])
    return ProbeRecord(evaluation=evaluation, **values)


def _shared_options(rows: Sequence[dict[str, str]]) -> Options:
    """Return the options that are the same in all rows."""
    first, *others = (parse_extraction(text) for text in dict.fromkeys(row["extraction"] for row in rows))
    return {name: value for name, value in first.items() if all(other.get(name, ...) == value for other in others)}


def _shared_notes(rows: Sequence[dict[str, str]]) -> list[str]:
    notes = [row["notes"].split(NOTE_SEPARATOR) for row in rows]
    return [note for note in notes[0] if note and all(note in other for other in notes)]


def _overlap(rows: Sequence[dict[str, str]], sizes: np.ndarray | None) -> float:
    """Compute the overlap of two draws; fixed validation rows are subtracted from every class in proportion."""
    first = rows[0]
    if first["labels"] == ALL_LABELS:
        return 0.0
    labels, train_rows = int(first["labels"]), int(first["train_rows"])
    selected = [row for row in rows if row["stage"] == "select"]
    held_out = 0
    if selected and int(selected[0]["rows_trained"]) + int(selected[0]["rows_scored"]) != train_rows:
        held_out = int(selected[0]["rows_scored"])
    drawn_from = (train_rows - held_out) / train_rows
    if sizes is None:
        return labels / (train_rows * drawn_from)
    return float((labels / len(sizes) / (sizes * drawn_from)).mean())


def parse_extraction(text: str) -> Options:
    """Parse a cell of version 2 such as ``grid 4; pool max``: names and values separated by blanks."""
    options: Options = {}
    for part in filter(None, text.split("; ")):
        if part.startswith("best of "):
            options["settings"] = int(part.split()[2])
        elif part.endswith(" passes"):
            options["passes"] = int(part.split()[0])
        elif part.startswith("chosen by "):
            dataset, labels = part.removeprefix("chosen by ").removesuffix(" training labels").rsplit(", ", 1)
            options |= {"chosen_by": dataset, "chosen_by_labels": int(labels)}
        else:
            long = next((name for name in RENAMED if part.startswith(f"{name} ")), "")
            name, value = (long, part.removeprefix(f"{long} ")) if long else part.split(" ", 1)
            options[RENAMED.get(name, name)] = _literal(value)
    return options


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
