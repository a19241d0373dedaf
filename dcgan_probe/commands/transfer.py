"""Runs and records as files: ``export-run``, ``import-run``, ``import-results`` and ``convert-results``."""

from functools import cache
from pathlib import Path

import click
import numpy as np

from ..evaluation import Results, convert_results, is_validation, probed_set, validation_splits
from ..features import export_run, import_run
from ..gan import Run
from ..images import ImageSet, load_images
from ..runtime import UserError, resolve_device
from .options import (
    chosen_run,
)
from .progress import Progress, say
from .table import say_faults, write_tables


def export_run_verb(
    folder: Path,
    run_folder: Path | None,
    piece: int,
    statistics: bool,
    runs: Path,
    device: str,
    data_dir: Path,
    download: bool,
    quiet: bool,
) -> None:
    """Write a run into DIR as small files: weights in 16 bits, batch-norm statistics, config."""
    run = chosen_run(run_folder, runs, quiet=quiet)
    with Progress("batch-norm statistics", 0, "images", quiet=quiet) as progress:

        def images() -> ImageSet:
            training = load_images(run.config.dataset, "train", data_dir=data_dir, download=download)
            progress.total += len(training)  # asked for once a network
            return training

        try:
            written = export_run(
                run,
                folder,
                training_images=images if statistics else None,
                device=resolve_device(device),
                piece_bytes=piece,
                on_progress=progress.update,
            )
        except UserError as error:
            if error.option not in ("dataset", "bn_stats"):
                raise
            raise UserError(
                f"{error}. Without the images that trained the run, give --no-statistics: what is imported then asks "
                "for them",
                option="statistics",
            ) from error
    for path in written:
        click.echo(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")


def import_run_verb(folder: Path, run_folder: Path | None, runs: Path) -> None:
    """Make a run of what export-run has written into DIR; all but training works on it."""
    run: Run = import_run(folder, run_folder or runs / folder.resolve().name)
    trained_on = run.trained_on
    click.echo(
        f"{run.folder}: {run.config.preset}, {run.position():,} images of {trained_on.name} seen, 16-bit weights"
    )


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

    count, unknown = convert_results(results, class_rows, lambda sentence: say([sentence], quiet=False))
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
