"""``export-run``, ``import-run`` and ``import-results``: carry runs and records between machines as small files."""

from pathlib import Path

import click

from ..evaluation import Results
from ..gan import Run, read_pieces, write_pieces
from .command_lines import RecordedCommand
from .options import chosen_run, quiet_option, results_option, run_option, runs_option
from .table import write_tables


@click.command("export-run", cls=RecordedCommand)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@run_option
@runs_option
@quiet_option
def export_run_command(folder: Path, run_folder: Path | None, runs: Path, quiet: bool) -> None:
    """Write a run's weights into DIR, in 16 bits and in files of at most 15 MB, with its config.

    \b
    dcgan-probe export-run carried --run runs/tiny_imagenet32-imagenet32-s0
    dcgan-probe import-run carried --run runs/carried
    """
    written = write_pieces(chosen_run(run_folder, runs, quiet=quiet), folder)
    for path in written:
        click.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


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
    run: Run = read_pieces(folder, run_folder or runs / folder.resolve().name)
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
    new = here.take(Results(folder))
    tables = write_tables(here.summaries(), results)
    click.echo(f"{here.path}: {len(new)} new evaluations from {folder}")
    for path in tables:
        click.echo(path)
