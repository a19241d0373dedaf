"""Tidy pandas table of measured and published rows."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas

from ..evaluation import Summary
from .published import MARKS, PublishedFigure
from .rows import MeasuredRow, table_rows

TIDY_COLUMNS = {
    **dict.fromkeys(("protocol", "dataset", "labels"), "string"),
    **dict.fromkeys(("train_rows", "test_rows"), "Int64"),
    **dict.fromkeys(("images_fingerprint_train", "images_fingerprint_test"), "string"),
    **dict.fromkeys(("kind", "name", "features", "network", "layers", "options", "scale"), "string"),
    **dict.fromkeys(("classifier", "trained_on"), "string"),
    **dict.fromkeys(("trained_on_images", "images_seen"), "Int64"),
    **dict.fromkeys(("accuracy", "error", "spread", "standard_error"), "Float64"),
    **dict.fromkeys(("image_standard_error", "image_low", "image_high"), "Float64"),
    "spread_definition": "string",
    "draws": "Int64",
    "overlap": "Float64",
    "label_budget": "Int64",
    "chosen_name": "string",
    "chosen": "Float64",
    **dict.fromkeys(("dimension", "largest_layer"), "Int64"),
    **dict.fromkeys(("published_accuracy", "published_error", "published_spread"), "Float64"),
    "published_origin": "string",
    "published_comparable": "boolean",
    **dict.fromkeys(("notes", "evaluation", "command", "date"), "string"),
    "seconds": "Float64",
    **dict.fromkeys(("device", "versions"), "string"),
    **dict.fromkeys(("balanced_accuracy", "majority_accuracy", "imbalance"), "Float64"),
    "duplicates": "Int64",
}
"""Columns of the tidy table and their pandas types.

``standard_error`` is over the draws. ``image_standard_error`` and the 95 % interval of the accuracy from ``image_low``
to ``image_high`` are over the test images, and missing without test predictions. ``seconds`` covers all fits, including
those that choose C, and excludes the extraction of features, which are cached. ``majority_accuracy`` is the accuracy of
always predicting the most frequent class of the test images, ``imbalance`` the ratio of the largest class to the
smallest, and ``duplicates`` the number of test images with the same pixels as a training image; records of schema
version 3 lack all three."""


COMPACT = {
    "protocol": "protocol",
    "name": "features",
    "accuracy": "accuracy",
    "spread": "spread",
    "chosen": "C",
    "published_accuracy": "published",
}
"""Columns of the compact table, with their short names."""


def result_table(
    summaries: Iterable[Summary], *, full: bool = False, results: str | Path | None = None
) -> pandas.DataFrame:
    """Return one row for each summary and each published figure of the same protocols, figures in percent.

    Parameters
    ----------
    summaries
        Summaries in the order of the rows; rows of one protocol and set are grouped.
    full
        Whether to return all columns. By default the columns of ``COMPACT``: protocol, features, accuracy, spread, C
        (or k), and the published accuracy beside them.
    results
        Results folder of the summaries, whose kept plans add published figures to those of the package. None for the
        package's only.

    Returns
    -------
    pandas.DataFrame
        Tidy: ``kind`` is ``measured`` or ``published``; unknown values are missing. The published figure beside a
        measured row is ``published_accuracy``; if its encoder was trained on other images, ``published_comparable`` is
        False and ``notes`` holds the reason.
    """
    rows = []
    for table in table_rows(summaries, None if results is None else Path(results)):
        common = {
            "protocol": table.protocol,
            "dataset": table.dataset,
            "labels": str(table.labels),
            "train_rows": table.train_rows,
            "test_rows": table.test_rows,
        }
        rows += [{**common, **_tidy_measured(row, table.notes)} for row in table.measured]
        rows += [{**common, **_tidy_published(figure)} for figure in table.published]
    frame = pandas.DataFrame(rows, columns=list(TIDY_COLUMNS))
    typed = frame.astype(TIDY_COLUMNS)
    return typed if full else typed[list(COMPACT)].rename(columns=COMPACT)


def _tidy_measured(row: MeasuredRow, table_notes: tuple[str, ...]) -> dict[str, object]:
    summary, images = row.summary, row.summary.over_images
    return {
        "images_fingerprint_train": summary.images_fingerprint_train,
        "images_fingerprint_test": summary.images_fingerprint_test,
        "kind": "measured",
        "name": row.name,
        "features": summary.features,
        "network": summary.network or None,
        "layers": "+".join(summary.layers),
        "options": json.dumps(summary.options, sort_keys=True),
        "scale": summary.scale,
        "classifier": summary.classifier,
        "trained_on": row.trained_on_full or None,
        "trained_on_images": summary.trained_on_images,
        "images_seen": summary.images_seen,
        "accuracy": _percent(summary.accuracy),
        "error": _percent(summary.error),
        "spread": _percent(summary.spread),
        "standard_error": _percent(summary.standard_error),
        "image_standard_error": None if images is None else _percent(images.standard_error),
        "image_low": None if images is None else _percent(images.low),
        "image_high": None if images is None else _percent(images.high),
        "spread_definition": summary.spread_definition,
        "draws": summary.draws,
        "overlap": round(summary.overlap, 6),
        "label_budget": summary.label_budget,
        "chosen_name": summary.chosen_name,
        "chosen": summary.chosen,
        "dimension": summary.dimension,
        "largest_layer": summary.largest_layer,
        **_tidy_figure(row.published),
        "published_comparable": None if row.published is None else row.comparable,
        "notes": "; ".join((*row.figure_notes, *table_notes, *row.published_notes)) or None,
        "evaluation": summary.evaluation,
        "command": summary.command or None,
        "date": summary.date,
        "seconds": round(summary.seconds, 2),
        "device": summary.device,
        "versions": summary.versions,
        "balanced_accuracy": _percent(summary.balanced_accuracy),
        "majority_accuracy": _percent(summary.majority_accuracy),
        "imbalance": None if summary.imbalance is None else round(summary.imbalance, 4),
        "duplicates": summary.duplicates,
    }


def _percent(fraction: float | None) -> float | None:
    # Four decimals distinguish any two counts of correct images, and drop the noise of binary fractions.
    return None if fraction is None else round(100 * fraction, 4)


def _tidy_published(figure: PublishedFigure) -> dict[str, object]:
    return {
        "kind": "published",
        "name": figure.model,
        "trained_on": figure.encoder.description if figure.encoder else None,
        "draws": figure.draws,
        "largest_layer": figure.largest_layer,
        **_tidy_figure(figure),
        "notes": figure.note or None,
    }


def _tidy_figure(figure: PublishedFigure | None) -> dict[str, object]:
    if figure is None:
        return {}
    spread = f", spread {MARKS[figure.spread_mark]}" if figure.spread_mark not in ("", figure.mark) else ""
    layer = f", largest layer {MARKS[figure.layer_mark]}" if figure.layer_mark else ""
    return {
        "published_accuracy": round(figure.accuracy, 2),
        "published_error": round(100 - figure.accuracy, 2),
        "published_spread": figure.spread,
        "published_origin": f"{MARKS[figure.mark] if figure.mark else 'unmarked'}{spread}{layer}",
    }
