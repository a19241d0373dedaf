"""Runs and records as files: ``export-run``, ``import-run``, ``import-results`` and ``convert-results``."""

from functools import cache
from pathlib import Path

import click
import numpy as np

from ..evaluation import Results, convert_results, is_validation, probed_set, validation_splits
from ..features import export_run, import_run
from ..gan import PIECE_BYTES, Run
from ..images import ImageSet, load_images
from ..runtime import UserError, resolve_device
from .command_lines import RecordedCommand
from .options import (
    Count,
    chosen_run,
    data_dir_option,
    data_options,
    device_option,
    quiet_option,
    results_option,
    run_option,
    runs_option,
)
from .progress import Progress
from .table import write_tables


@click.command("export-run", cls=RecordedCommand)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@run_option
@click.option(
    "--piece", type=Count(), default=PIECE_BYTES, help="Bytes of a file of weights, at most.  [default: 15 MiB]"
)
@click.option(
    "--statistics/--no-statistics",
    default=True,
    show_default=True,
    help="Add the batch-norm statistics, which read the run's training images.",
)
@runs_option
@device_option
@data_options
@quiet_option
def export_run_command(
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
    """Write a run into DIR as small files: weights in 16 bits, batch-norm statistics, config.

    What import-run makes of them has features and samples without the images that trained it.

    \b
    dcgan-probe export-run carried --run runs/tiny_imagenet32-imagenet32-s0
    dcgan-probe import-run carried --run runs/carried
    """
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
            if error.option not in ("dataset", "bn-stats"):
                raise
            raise UserError(
                f"{error}. Without the images that trained the run, give --no-statistics: what is imported then asks "
                "for them",
                option="statistics",
            ) from error
    for path in written:
        click.echo(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")


@click.command("import-run", cls=RecordedCommand)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--run",
    "run_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Run folder, a new one.  [default: DIR's name in --runs]",
)
@runs_option
def import_run_command(folder: Path, run_folder: Path | None, runs: Path) -> None:
    """Make a run of what export-run has written into DIR; all but training works on it.

    \b
    dcgan-probe import-run carried
    dcgan-probe eval-svm --run runs/carried --dataset svhn --labels 1000
    """
    run: Run = import_run(folder, run_folder or runs / folder.resolve().name)
    trained_on = run.trained_on
    click.echo(
        f"{run.folder}: {run.config.preset}, {run.position():,} images of {trained_on.name} seen, 16-bit weights"
    )


@click.command("import-results", cls=RecordedCommand)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@results_option
def import_results_command(folder: Path, results: Path) -> None:
    """Add the records and test predictions in DIR, such as a job's, to those here, and make the tables again.

    Evaluations that are here already are left as they are.

    \b
    dcgan-probe import-results imagenet32
    dcgan-probe compare --protocol cifar10-all
    """
    here = Results(results)
    new = here.merge_from(Results(folder))
    tables = write_tables(here.summaries(), results)
    click.echo(f"{here.path}: {len(new)} new evaluations from {folder}")
    for path in tables:
        click.echo(path)


@click.command("convert-results", cls=RecordedCommand)
@results_option
@data_dir_option
def convert_results_command(results: Path, data_dir: Path) -> None:
    """Convert a results folder of an older version, and make its tables again.

    The old files stay in RESULTS/schema-2. Standard errors need the class sizes of the training sets, which are read
    from the data folder where it holds the same images; other classes count as of one size.

    \b
    dcgan-probe convert-results
    """

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

    count, unknown = convert_results(results, class_rows)
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
