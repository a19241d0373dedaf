"""Export and import of runs as small files: 16-bit weights and their batch-norm statistics.

::

    FOLDER/config.json, weights-NN.part      written by ``gan.export_weights``
    FOLDER/batchnorm/RULE-WEIGHTS.pt         statistics of the trained and of the untrained discriminator

With these statistics, features of an imported run do not need its training images.
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
from .exchange_config import ExportRunConfig
from .run_encoders import (
    STATISTICS,
    kept_statistics,
    read_statistics,
    run_discriminator,
    statistics_path,
    write_statistics,
)
from .settings import REAL_RULES

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
    """Write a run as small files, and return their paths.

    Parameters
    ----------
    training_images
        Function that returns the GAN's training images, for the statistics of the rounded weights. None omits the
        statistics, and the imported run then needs the images. Not called for conditional networks, which have no
        features.
    piece_bytes
        Largest size of a weight file in bytes.
    on_progress
        Called with the number of images processed for the statistics of both networks.

    Raises
    ------
    UserError
        If the run cannot be read, a weight exceeds the range of float16, or the training images are not the run's.
    """
    if Run(folder).checkpoint_path.exists():
        raise UserError(f"{folder} is a run folder; give another folder for the files", parameter="folder")
    # Written to a temporary folder first, so that a failure leaves an earlier export intact.
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
    """Write the run of a config as small files, with batch-norm statistics if requested; return their paths.

    Parameters
    ----------
    on_step
        Called with the progress of the statistics.
    on_note
        Called with a sentence that names the latest run, if the config names none.

    Raises
    ------
    UserError
        If there is no run or its training images are missing, or for the reasons given in ``export_run``.
    """
    require_instance(config, ExportRunConfig, "config")
    place, total = workspace or Workspace(), 0
    run = named_run(config.run, place.runs, on_note=on_note)

    def training_images() -> ImageSet:
        nonlocal total
        images = load_images(run.config.dataset, "train", data_dir=place.data_dir, download=place.download)
        total += len(images)  # called once per network
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
    """Write the statistics of the trained, rounded network and of the untrained one; return the paths."""
    done, written = 0, []

    def advance(count: int) -> None:
        on_progress(done + count)

    for features in ("dcgan", "random"):
        discriminator, _ = run_discriminator(rounded, features)
        # Untrained weights are drawn from the seed, so they are not rounded.
        statistics = read_statistics(statistics_path(run, discriminator, RULE), discriminator)
        if statistics is None:
            statistics = kept_statistics(rounded, discriminator, RULE, training_images, device, advance)
            done += rounded.trained_on.images
        path = folder / STATISTICS / statistics_path(run, discriminator, RULE).name
        write_statistics(path, statistics)
        written.append(path)
    return written


def _replace(folder: Path, made: Path, names: list[Path]) -> list[Path]:
    """Copy files into a folder, delete the remaining files of an earlier export, and return the new paths."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / name) as temporary:
            shutil.copyfile(made / name, temporary)
    for old in (*folder.glob("weights-*.part"), *folder.glob(f"{STATISTICS}/*.pt")):
        if old.relative_to(folder) not in names:
            old.unlink()
    return [folder / name for name in names]


def import_run(folder: str | Path, into: str | Path) -> Run:
    """Make a run in the folder ``into`` from the files of ``export_run``.

    Raises
    ------
    UserError
        If a file is missing or damaged, or ``into`` holds a run already.
    """
    run = import_weights(folder, into)
    if (Path(folder) / STATISTICS).is_dir():
        shutil.copytree(Path(folder) / STATISTICS, run.folder / STATISTICS)
    return run
