"""``dcgan-probe compare``: compares the rows of a protocol, on the same draws and test images."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import click

from ..evaluation import Results, Summary, compare, why_not_paired
from ..report import ComparedRows, format_comparisons, numbered_names
from ..runtime import UserError
from ..storage import file_name, write_text
from .table import SUFFIXES

Names = dict[str, str]
"""For each evaluation the number and name of its row."""


def compare_verb(protocol: str, against: str | None, all_pairs: bool, results: Path, form: str) -> None:
    """Compare rows by their test predictions: difference, interval, p, and p for as many comparisons as were made."""
    if against is not None and all_pairs:
        raise UserError("got --against and --all-pairs, expected one of them", option="against")
    store = Results(results)
    summaries = store.summaries(protocol)
    if not summaries:
        raise UserError(f"no records of {protocol!r} in {store.path}; run eval-svm first", option="protocol")
    reference = None if against is None else _named(summaries, against)
    compared = write_comparisons(summaries, results, reference, all_pairs=all_pairs)
    if compared is None:
        raise UserError(
            f"{protocol}: got no two rows that can be compared, expected at least two with test predictions of the "
            "same draws; run eval-svm for another row"
        )
    if form == "csv" and compared.remarks:
        click.echo("\n".join(compared.remarks), err=True)
    click.echo(format_comparisons(compared, form).rstrip())


def write_comparisons(
    summaries: Sequence[Summary],
    results: Path,
    reference: Summary | None = None,
    *,
    all_pairs: bool = False,
) -> ComparedRows | None:
    """Compare rows of one protocol, and write the comparisons into the tables folder of the results in every format.

    Parameters
    ----------
    summaries
        The rows, at least one: they alone are numbered, compared and counted.
    reference
        The one of them to compare with every other; None takes the first DCGAN row with an L2-SVM, else the first row.
    all_pairs
        Compare every row with every other.

    Returns
    -------
    None where no two rows can be compared; then nothing is written but the reasons, on stderr.
    """
    names = numbered_names(summaries)
    kept, remarks = _with_predictions(summaries, names)
    pairs, unpaired = _paired(_candidates(kept, reference, all_pairs), names)
    remarks += unpaired
    if not pairs:
        if remarks:
            click.echo("\n".join(remarks), err=True)
        return None
    compared = ComparedRows(names, tuple(compare(pairs)), tuple(remarks))
    for form, suffix in SUFFIXES.items():
        path = results / "tables" / f"{file_name(summaries[0].protocol)}-comparisons.{suffix}"
        write_text(path, format_comparisons(compared, form).rstrip() + "\n")
    return compared


def _with_predictions(summaries: Sequence[Summary], names: Names) -> tuple[list[Summary], list[str]]:
    """Give the rows whose test predictions were kept, and name the others."""
    kept = [summary for summary in summaries if summary.correct is not None]
    missing = [names[summary.evaluation] for summary in summaries if summary.correct is None]
    return kept, [f"Not compared, since their test predictions are missing: {'; '.join(missing)}."] if missing else []


def _paired(
    candidates: Sequence[tuple[Summary, Summary]], names: Names
) -> tuple[list[tuple[Summary, Summary]], list[str]]:
    """Give the pairs that share their draws and test images, and say why the others do not."""
    pairs, remarks = [], []
    for first, second in candidates:
        reason = why_not_paired(first, second)
        if reason:
            both = " with ".join(names[each.evaluation] for each in (first, second))
            remarks.append(f"Not compared: {both}, since {reason}.")
        else:
            pairs.append((first, second))
    return pairs, remarks


def _candidates(kept: Sequence[Summary], reference: Summary | None, all_pairs: bool) -> list[tuple[Summary, Summary]]:
    """Give the pairs to compare: every one, or the reference with every other row."""
    if all_pairs or not kept:
        return list(combinations(kept, 2))
    evaluation = (reference or _usual_reference(kept)).evaluation
    firsts = [each for each in kept if each.evaluation == evaluation]
    return [(first, other) for first in firsts for other in kept if other is not first]


def _usual_reference(rows: Sequence[Summary]) -> Summary:
    """Choose the row to compare the others with; not by test accuracy, which would favour it.

    For the same reason no row whose C was given, unless all were: a user may have tried several.
    """
    chosen = [row for row in rows if not row.given] or rows
    trained = [row for row in chosen if row.features == "dcgan" and row.classifier == "l2-svm"]
    return (trained or chosen)[0]


def _named(summaries: Sequence[Summary], against: str) -> Summary:
    """Find the row of a number or a name; a part of the name does where only one row has it."""
    names = numbered_names(summaries)
    known = {names[summary.evaluation]: summary for summary in summaries}
    numbered = [row for name, row in known.items() if against in (name, *name.split(" ", 1))]
    found = numbered or [row for name, row in known.items() if against.lower() in name.lower()]
    if len(found) != 1:
        raise UserError(
            f"got {against!r}, which {'several rows are' if found else 'no row is'} called; expected a number or a "
            f"name of: {'; '.join(known)}",
            option="against",
        )
    return found[0]
