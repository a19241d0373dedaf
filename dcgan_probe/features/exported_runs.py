"""Runs as small files: weights of 16 bits, with the batch-norm statistics that the features of these weights need.

::

    FOLDER/config.json, weights-NN.part      as ``gan.export_weights`` writes them
    FOLDER/batchnorm/RULE-WEIGHTS.pt         statistics, of the trained and of the untrained discriminator

With its statistics an imported run needs its training images no more.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from ..gan import PIECE_BYTES, Run, export_weights, import_weights, named_run
from ..images import ImageSet, load_images
from ..runtime import OnNote, OnStep, Step, UserError, Workspace, no_note, no_step, require_instance, resolve_device
from ..storage import whole_file
from .run_encoders import (
    STATISTICS,
    kept_statistics,
    read_statistics,
    run_discriminator,
    statistics_path,
    write_statistics,
)
from .settings import REAL_RULES
from .transfer_config import ExportRunConfig

RULE = REAL_RULES[0]


def export_run(
    run: Run,
    folder: str | Path,
    *,
    training_images: Callable[[], ImageSet] | None,
    device: torch.device,
    piece_bytes: int = PIECE_BYTES,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[Path]:
    """Write a run as small files; return their paths.

    Parameters
    ----------
    training_images
        Gives the GAN's own training images, for the statistics of the rounded weights; None leaves these out, and the
        imported run then asks for the images. Conditional networks have no features, and need none.
    piece_bytes
        Most bytes of a file of weights.
    on_progress
        Called with the number of images that entered the statistics, of both networks together.

    Raises
    ------
    UserError
        If the run cannot be read, a number is beyond what 16 bits hold, or the training images are not the run's.
    """
    if Run(folder).checkpoint_path.exists():
        raise UserError(f"{folder} is a run folder; give another one to write the files into", parameter="folder")
    # Complete in another folder first: whatever fails, an earlier export stays whole.
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "made"
        written = export_weights(run, made, piece_bytes)
        if training_images is not None and not run.config.network.classes:
            rounded = import_weights(made, Path(temporary) / "run")
            written += _write_statistics(run, rounded, made, training_images, device, on_progress)
        return _replace(Path(folder), made, [path.relative_to(made) for path in written])


def export_named_run(
    config: ExportRunConfig,
    workspace: Workspace | None = None,
    *,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> list[Path]:
    """Write the run of a config as small files, with its batch-norm statistics if asked for; return their paths.

    Parameters
    ----------
    on_step
        Called with the progress of the statistics.
    on_note
        Called with a sentence that names the run trained last where the config names none.

    Raises
    ------
    UserError
        As ``export_run``, or if there is no run or its training images are missing.
    """
    require_instance(config, ExportRunConfig, "config")
    place, total = workspace or Workspace(), 0
    run = named_run(config.run, place.runs, on_note=on_note)

    def training_images() -> ImageSet:
        nonlocal total
        images = load_images(run.config.dataset, "train", data_dir=place.data_dir, download=place.download)
        total += len(images)  # asked for once a network
        return images

    return export_run(
        run,
        config.folder,
        training_images=training_images if config.statistics else None,
        device=resolve_device(place.device),
        piece_bytes=config.piece,
        on_progress=lambda done: on_step(Step("batch-norm statistics", done, total, "images")),
    )


def _write_statistics(
    run: Run,
    rounded: Run,
    folder: Path,
    training_images: Callable[[], ImageSet],
    device: torch.device,
    on_progress: Callable[[int], None],
) -> list[Path]:
    """Write the statistics of a run of rounded weights, trained and untrained, beside them; return the paths."""
    done, written = 0, []

    def advance(count: int) -> None:
        on_progress(done + count)

    for features in ("dcgan", "random"):
        discriminator, _ = run_discriminator(rounded, features)
        # The untrained is not rounded.
        statistics = read_statistics(statistics_path(run, discriminator, RULE), discriminator)
        if statistics is None:
            statistics = kept_statistics(rounded, discriminator, RULE, training_images, device, advance)
            done += rounded.trained_on.images
        path = folder / STATISTICS / statistics_path(run, discriminator, RULE).name
        write_statistics(path, statistics)
        written.append(path)
    return written


def _replace(folder: Path, made: Path, names: list[Path]) -> list[Path]:
    """Copy files into a folder, in the place of those of an earlier export; return their paths there."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / name) as temporary:
            shutil.copyfile(made / name, temporary)
    for old in (*folder.glob("weights-*.part"), *folder.glob(f"{STATISTICS}/*.pt")):
        if old.relative_to(folder) not in names:
            old.unlink()
    return [folder / name for name in names]


def import_run(folder: str | Path, into: str | Path) -> Run:
    """Make a run in the folder ``into`` of the files of ``export_run``; raises as ``gan.import_weights``."""
    run = import_weights(folder, into)
    if (Path(folder) / STATISTICS).is_dir():
        shutil.copytree(Path(folder) / STATISTICS, run.folder / STATISTICS)
    return run
