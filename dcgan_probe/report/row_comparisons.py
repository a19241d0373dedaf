"""Selection of the rows of a protocol to compare, and the files of their comparisons."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from ..evaluation import Results, Summary, compare, why_not_paired
from ..runtime import OnNote, UserError, Workspace, no_note, require_instance
from ..storage import file_name, write_text
from .comparison_tables import ComparedRows, numbered_names
from .formats import format_comparisons
from .settings import CompareConfig
from .written_tables import SUFFIXES

Names = dict[str, str]
"""Number and name of the row of each evaluation."""


def compare_rows(
    config: CompareConfig, workspace: Workspace | None = None, *, on_note: OnNote = no_note
) -> ComparedRows:
    """Compare rows of a protocol in the records, and write the comparisons as ``write_comparisons`` does.

    Parameters
    ----------
    on_note
        Called with the reasons if no two rows can be compared.

    Raises
    ------
    UserError
        If the protocol has no records, the row to compare with does not exist, or no two rows can be compared.
    """
    require_instance(config, CompareConfig, "config")
    store = Results((workspace or Workspace()).results)
    summaries = store.summaries(config.protocol)
    if not summaries:
        raise UserError(f"no records of {config.protocol!r} in {store.path}; run eval-svm first", parameter="protocol")
    reference = None if config.against is None else find_row(summaries, config.against, store.folder)
    compared = write_comparisons(summaries, store.folder, reference, all_pairs=config.all_pairs, on_note=on_note)
    if compared is None:
        raise UserError(
            f"{config.protocol}: got no two rows that can be compared, expected at least two with test predictions of "
            "the same draws; run eval-svm for another row"
        )
    return compared


def write_comparisons(
    summaries: Sequence[Summary],
    results: Path,
    reference: Summary | None = None,
    *,
    all_pairs: bool = False,
    on_note: OnNote = no_note,
) -> ComparedRows | None:
    """Compare rows of one protocol, and write the comparisons into the tables folder of the results in every format.

    Parameters
    ----------
    summaries
        The rows to number and compare, at least one.
    reference
        Row to compare with every other; None for the first DCGAN row with an L2-SVM, else the first row.
    all_pairs
        Compare every row with every other.
    on_note
        Called with the reasons if no two rows can be compared.

    Returns
    -------
    ComparedRows or None
        None if no two rows can be compared; no file is written then.
    """
    names = numbered_names(summaries, results)
    kept, remarks = _with_predictions(summaries, names)
    pairs, unpaired = _paired(_candidates(kept, reference, all_pairs), names)
    remarks += unpaired
    if not pairs:
        for remark in remarks:
            on_note(remark)
        return None
    compared = ComparedRows(names, tuple(compare(pairs)), tuple(remarks))
    for form, suffix in SUFFIXES.items():
        path = results / "tables" / f"{file_name(summaries[0].protocol)}-comparisons.{suffix}"
        write_text(path, format_comparisons(compared, form).rstrip() + "\n")
    return compared


def _with_predictions(summaries: Sequence[Summary], names: Names) -> tuple[list[Summary], list[str]]:
    """Return the rows with test predictions, and a sentence that names the other rows."""
    kept = [summary for summary in summaries if summary.correct is not None]
    missing = [names[summary.evaluation] for summary in summaries if summary.correct is None]
    return kept, [f"Not compared, since their test predictions are missing: {'; '.join(missing)}."] if missing else []


def _paired(
    candidates: Sequence[tuple[Summary, Summary]], names: Names
) -> tuple[list[tuple[Summary, Summary]], list[str]]:
    """Return the pairs with the same draws and test images, and a sentence for each other pair with the reason."""
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
    """Return the pairs to compare: all pairs, or the reference with every other row."""
    if all_pairs or not kept:
        return list(combinations(kept, 2))
    evaluation = (reference or _usual_reference(kept)).evaluation
    firsts = [each for each in kept if each.evaluation == evaluation]
    return [(first, other) for first in firsts for other in kept if other is not first]


def _usual_reference(rows: Sequence[Summary]) -> Summary:
    """Choose the row to compare the others with.

    The choice does not use test accuracy, which would favor that row. For the same reason it excludes rows with a
    given C, of which a user may have tried several, unless every row has one.
    """
    chosen = [row for row in rows if not row.given] or rows
    trained = [row for row in chosen if row.features == "dcgan" and row.classifier == "l2-svm"]
    return (trained or chosen)[0]


def find_row(summaries: Sequence[Summary], name: str, results: Path | None = None) -> Summary:
    """Find a row by its number, its name, or a part of the name that only one row has.

    Raises
    ------
    UserError
        If no row or several rows match.
    """
    names = numbered_names(summaries, results)
    known = {names[summary.evaluation]: summary for summary in summaries}
    numbered = [row for full, row in known.items() if name in (full, *full.split(" ", 1))]
    found = numbered or [row for full, row in known.items() if name.lower() in full.lower()]
    if len(found) != 1:
        raise UserError(
            f"got {name!r}, which matches {'several rows' if found else 'no row'}; expected the number or the name of "
            f"one of: {'; '.join(known)}",
            parameter="against",
        )
    return found[0]
