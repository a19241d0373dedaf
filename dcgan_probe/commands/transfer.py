"""Runs as small files: ``export-run`` and ``import-run``."""

from pathlib import Path

import click

from ..features import export_run, import_run
from ..gan import Run
from ..images import ImageSet, load_images
from ..runtime import UserError, resolve_device
from .options import chosen_run
from .progress import Progress


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
