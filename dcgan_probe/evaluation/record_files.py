"""Files of records, read row by row, so that a damaged row does not affect the others."""

import csv
import gzip
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas

from ..runtime import UserError
from ..storage import read_bytes, whole_file
from .records import (
    EVALUATION_COLUMNS,
    EVALUATIONS_HEADER,
    FIT_COLUMNS,
    FITS_HEADER,
    OLD_EVALUATIONS_HEADERS,
    OPTIONAL,
    READABLE_VERSIONS,
    SCHEMA_VERSION,
    Evaluation,
    ProbeRecord,
    evaluation_of,
    fit_line,
    fit_of_cells,
    to_json,
    with_added_columns,
)

VERSION_BYTES = 16
ID, PROTOCOL = (EVALUATION_COLUMNS.index(name) for name in ("id", "protocol"))


@dataclass(frozen=True)
class Fault:
    """Damage in a results folder."""

    text: str
    """Sentence with the file, the damage and what to do."""
    protocol: str | None = None
    """Protocol whose table cannot be made; None if only a single row is omitted."""


@dataclass(frozen=True)
class EvaluationsFile:
    """Content of ``evaluations.csv``: evaluations, and faults of damaged rows."""

    evaluations: list[Evaluation]
    """Oldest first."""
    damaged: list[Fault]
    cut: list[Fault]
    """Fault of the last row if a kill or a full disk cut it off; else empty."""


def read_evaluations(path: Path) -> EvaluationsFile:
    """Read ``evaluations.csv``.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    UserError
        If the file is of another kind or schema version.
    """
    with open(path, "rb") as file:
        size = whole_size(file, path)
        file.seek(0)
        content, rest = with_added_columns(file.read(size), EVALUATION_COLUMNS), file.read()
    evaluations, damaged = [], []
    for number, cells in _numbered(content):
        try:
            evaluations.append(evaluation_of(_checked(cells)))
        except ValueError as error:
            named = isinstance(cells, list) and len(cells) == len(EVALUATION_COLUMNS)
            damaged.append(Fault(_damage(path, number, error), _checked(cells)[PROTOCOL] if named else None))
    return EvaluationsFile(evaluations, damaged, [_cut_row(path, rest)] if rest and size else [])


def evaluation_ids(content: bytes) -> set[str]:
    """Return the ids of the evaluations in the whole rows of ``evaluations.csv``, damaged ones included."""
    return {cells[ID] for _, cells in _numbered(content) if isinstance(cells, list) and len(cells) > ID}


def read_fits(path: Path, evaluation: Evaluation) -> list[ProbeRecord]:
    """Read the fits of an evaluation.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    UserError
        If it is damaged; the message names the row.
    """
    content = with_added_columns(read_gzip(path), FIT_COLUMNS)
    head = next(_parsed(content[: content.find(b"\n") + 1].splitlines()), [])
    if isinstance(head, ValueError) or tuple(head) != FIT_COLUMNS:
        raise UserError(f"{path} has other columns than expected: {', '.join(FIT_COLUMNS)}", parameter="results")
    found = []
    for number, cells in _numbered(content):
        try:
            found.append(fit_of_cells(evaluation, _checked(cells)))
        except ValueError as error:
            raise UserError(_damage(path, number, error), parameter="results") from error
    return found


def append_fits(path: Path, records: Sequence[ProbeRecord]) -> None:
    """Add the fits of one evaluation to its file, whole or not at all."""
    before = with_added_columns(read_gzip(path), FIT_COLUMNS) if path.exists() else FITS_HEADER.encode()
    content = before + "".join(map(fit_line, records)).encode()
    with whole_file(path) as temporary:
        temporary.write_bytes(gzip.compress(content, mtime=0))


def add_columns(path: Path) -> None:
    """Add the columns of the current version, left empty, to an ``evaluations.csv`` from an earlier version."""
    with open(path, "rb") as file:
        size = whole_size(file, path)
        file.seek(0)
        before = file.read(size)
    after = with_added_columns(before, EVALUATION_COLUMNS)
    if after != before:
        with whole_file(path) as temporary:
            temporary.write_bytes(after)


def to_frame(records: Iterable[ProbeRecord]) -> pandas.DataFrame:
    """Build a table with one row per fit; see ``Results.read``."""
    shared = [f"evaluation_{name}" if name in FIT_COLUMNS else name for name in EVALUATION_COLUMNS]
    rows = []
    for record in records:
        values = [getattr(record.evaluation, name) for name in EVALUATION_COLUMNS]
        values += [getattr(record, name) for name in FIT_COLUMNS]
        rows.append([to_json(value) if isinstance(value, dict) else value for value in values])
    frame = pandas.DataFrame(rows, columns=[*shared, *FIT_COLUMNS])
    return frame.astype(OPTIONAL)


def read_gzip(path: Path) -> bytes:
    """Read a whole compressed file; errors as for ``read_fits``."""
    try:
        return gzip.decompress(read_bytes(path))
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise UserError(
            f"{path} is corrupt ({error}); restore it, or move it away together with the row of its evaluation in "
            "evaluations.csv",
            parameter="results",
        ) from error


def whole_size(file: BinaryIO, path: Path) -> int:
    """Check header and version, and return the length in bytes up to the last whole row; 0 without a whole header.

    Only a file with a last row that was cut off is read completely.
    """
    file.seek(0)
    header = EVALUATIONS_HEADER.encode()
    head = file.read(len(header) + VERSION_BYTES)
    for old in OLD_EVALUATIONS_HEADERS:
        if head.startswith(old.encode()):
            header = old.encode()
            head = head[: len(header) + VERSION_BYTES]
            break
    if len(head) < len(header) and header.startswith(head):
        return 0
    if not head.startswith(header):
        found = head[:60].split(b"\n")[0].decode(errors="replace")
        raise UserError(
            f"{path} is not an evaluations file of schema version {SCHEMA_VERSION}: its first line starts {found!r}; "
            "move it away, or use another `results`",
            parameter="results",
        )
    version, comma, _ = head[len(header) :].partition(b",")
    if comma and version.isdigit() and int(version) not in READABLE_VERSIONS:
        raise UserError(
            f"{path} has schema version {version.decode()}, expected one of {', '.join(map(str, READABLE_VERSIONS))}; "
            "move it away, or use another `results`",
            parameter="results",
        )
    size = file.seek(-1, os.SEEK_END) + 1
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.read().rfind(b"\n") + 1


def _numbered(content: bytes) -> Iterator[tuple[int, list[str] | ValueError]]:
    """Yield the line number and the cells of each row after the header, or an error instead of the cells."""
    yield from enumerate(_parsed(content.split(b"\n")[1:-1]), 2)


def _parsed(lines: Iterable[bytes]) -> Iterator[list[str] | ValueError]:
    for line in lines:
        try:
            yield next(csv.reader([line.decode()], strict=True), [])
        except (csv.Error, UnicodeDecodeError) as error:
            yield ValueError(str(error))


def _checked(cells: list[str] | ValueError) -> list[str]:
    if isinstance(cells, ValueError):
        raise cells
    return cells


def _cut_row(path: Path, rest: bytes) -> Fault:
    cells = rest.decode(errors="replace").split(",")
    name = f" of evaluation {cells[ID]}" if len(cells) > ID + 1 else ""
    return Fault(f"{path}: the last row{name} was cut off and is omitted; rerun the command of that evaluation")


def _damage(path: Path, number: int, error: ValueError) -> str:
    return f"{path}, row {number}, cannot be read ({error}); restore that row, or move it out of the file"
