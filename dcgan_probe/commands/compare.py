"""``dcgan-probe compare``: compares the rows of a protocol, on the same draws and test images."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import click

from ..evaluation import Results, Scored, Summary, compare, why_not_paired
from ..report import FORMATS, ComparedRows, format_comparisons, numbered_names
from ..runtime import UserError
from ..storage import write_text
from .options import results_option
from .table import SUFFIXES, file_name

Names = dict[str, str]
"""For each evaluation the number and name of its row."""


@click.command("compare")
@click.option("--protocol", required=True, help="Whose rows, such as cifar10-all.")
@click.option("--against", help="Row to compare with every other: number or name.  [default: best DCGAN, else first]")
@click.option("--all-pairs", is_flag=True, help="Compare every row with every other.")
@results_option
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="console", show_default=True, help="What to print."
)
def compare_command(protocol: str, against: str | None, all_pairs: bool, results: Path, form: str) -> None:
    """Compare rows by their test predictions: difference, interval, p, and p for as many comparisons as were made.

    Writes RESULTS/tables/PROTOCOL-comparisons as Markdown, CSV and LaTeX.

    \b
    dcgan-probe compare --protocol cifar10-all
    dcgan-probe compare --protocol svhn-1000 --against "raw pixels"
    """
    if against is not None and all_pairs:
        raise UserError("got --against and --all-pairs, expected one of them", option="against")
    store = Results(results)
    summaries = [summary for summary in store.summaries() if summary.protocol == protocol]
    if not summaries:
        raise UserError(f"no records of {protocol!r} in {store.path}; run eval-svm first", option="protocol")
    names = numbered_names(summaries)
    kept, remarks = _with_predictions(summaries, store, names)
    if all_pairs or not kept:
        candidates = list(combinations(kept, 2))
    else:
        reference, remark = _reference(kept, names, against)
        candidates = [(reference, other) for other in kept if other is not reference]
        remarks += remark
    pairs, unpaired = _paired(candidates, names)
    remarks += unpaired
    if not pairs:
        raise UserError(
            f"{protocol}: got no two rows that can be compared, expected at least two with test predictions of the "
            f"same draws. {' '.join(remarks)} Run eval-svm for another row"
        )
    compared = ComparedRows(names, tuple(compare(pairs)), tuple(remarks))
    for suffix_form, suffix in SUFFIXES.items():
        path = results / "tables" / f"{file_name(protocol)}-comparisons.{suffix}"
        write_text(path, format_comparisons(compared, suffix_form).rstrip() + "\n")
    if form == "console":
        click.echo("\n".join(f"{names[s.evaluation]}: {100 * s.accuracy:.2f} %" for s in summaries) + "\n")
    elif form == "csv" and remarks:
        click.echo("\n".join(remarks), err=True)
    click.echo(format_comparisons(compared, form).rstrip())


def _with_predictions(summaries: Sequence[Summary], store: Results, names: Names) -> tuple[list[Scored], list[str]]:
    """Give the rows whose test predictions were kept, and name the others."""
    kept, missing = [], []
    for summary in summaries:
        correct = store.correct(summary.evaluation)
        if correct is None:
            missing.append(names[summary.evaluation])
        else:
            kept.append(Scored(summary, correct))
    return kept, [f"Not compared, since their test predictions are missing: {'; '.join(missing)}."] if missing else []


def _paired(candidates: Sequence[tuple[Scored, Scored]], names: Names) -> tuple[list[tuple[Scored, Scored]], list[str]]:
    """Give the pairs that share their draws and test images, and say why the others do not."""
    pairs, remarks = [], []
    for first, second in candidates:
        reason = why_not_paired(first.summary, second.summary)
        if reason:
            both = " with ".join(names[each.summary.evaluation] for each in (first, second))
            remarks.append(f"Not compared: {both}, since {reason}.")
        else:
            pairs.append((first, second))
    return pairs, remarks


def _reference(kept: Sequence[Scored], names: Names, against: str | None) -> tuple[Scored, list[str]]:
    """Find the row to compare the others with, and what has to be said of how it was chosen."""
    if against is not None:
        return _named(kept, names, against), []
    trained = [each for each in kept if each.summary.features == "dcgan"]
    trained = [each for each in trained if each.summary.classifier == "l2-svm"] or trained
    if not trained:
        return kept[0], []
    best = max(trained, key=lambda each: each.summary.accuracy)
    remark = f"The first is the best of {len(trained)} DCGAN rows on these test images, which favours it."
    return best, [remark] if len(trained) > 1 else []


def _named(kept: Sequence[Scored], names: Names, against: str) -> Scored:
    """Find the row of a number or a name; a part of the name does where only one row has it."""
    known = {names[each.summary.evaluation]: each for each in kept}
    numbered = [each for name, each in known.items() if against in (name, *name.split(" ", 1))]
    found = numbered or [each for name, each in known.items() if against.lower() in name.lower()]
    if len(found) != 1:
        raise UserError(
            f"got {against!r}, which {'several rows are' if found else 'no row with test predictions is'} called; "
            f"expected a number or a name of: {'; '.join(known)}",
            option="against",
        )
    return found[0]
