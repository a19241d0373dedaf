"""Records of other folders and versions: ``import-results`` and ``convert-results``."""

from functools import cache
from pathlib import Path

import click
import numpy as np

from ..evaluation import Results, convert_results, is_validation, probed_set, validation_splits
from ..images import load_images
from ..runtime import UserError
from .progress import say
from .signals import StopSignals
from .table import say_faults, write_tables


def import_results_verb(folder: Path, results: Path) -> None:
    """Add the records and test predictions in DIR, such as a job's, to those here, and make the tables again."""
    here = Results(results)
    new = here.merge_from(Results(folder))
    survey = here.survey()
    say_faults(survey)
    tables = write_tables(survey.summaries, results)
    click.echo(f"{here.path}: {len(new)} new evaluations from {folder}")
    for path in tables:
        click.echo(path)


def convert_results_verb(results: Path, data_dir: Path) -> None:
    """Convert a results folder of an older version, and make its tables again."""

    @cache
    def class_rows(dataset: str, fingerprint: str) -> np.ndarray | None:
        try:
            images = load_images(probed_set(dataset), "train", data_dir=data_dir, download=False)
            if is_validation(dataset):
                images, _ = validation_splits(images)
        except UserError:
            return None
        labels = images.labels
        return None if labels is None or images.fingerprint != fingerprint else np.bincount(labels)

    count, unknown = convert_results(
        results, class_rows, lambda sentence: say([sentence], quiet=False), StopSignals.keep
    )
    tables = write_tables(Results(results).summaries(), results)
    done = f"{count} evaluations converted" if count else "converted already"
    click.echo(f"{results}: {done}; the old files are in {results / 'schema-2'}")
    if unknown:
        click.echo(
            f"{len(unknown)} evaluations count all classes as of one size, since {data_dir} does not hold their "
            "training images",
            err=True,
        )
    for path in tables:
        click.echo(path)
