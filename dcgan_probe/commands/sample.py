"""``dcgan-probe sample``: draws images from a run's generator."""

from pathlib import Path
from typing import Any

import click
import numpy as np

from ..gan import Run
from ..images import save_grid
from ..latent import find_class, sample
from ..report import enlarged
from ..runtime import resolve_device
from ..storage import whole_file
from .options import chosen_run
from .output_names import output_name

COLUMNS, MOST_COLUMNS = 8, 20


def sample_verb(
    count: int,
    columns: int | None,
    name: str | None,
    numbered: bool,
    seed: int,
    run_folder: Path | None,
    runs: Path,
    device: str,
    quiet: bool,
) -> None:
    """Draw samples: a PNG grid, and an .npz with images uint8 (N, channels, H, W) and z float32 (N, nz)."""
    run = chosen_run(run_folder, runs, quiet=quiet)
    label = None if name is None else find_class(run, name)
    drawn = sample(run, count, seed=seed, device=resolve_device(device), label=label)
    of_class = [] if label is None else [f"class{label}"]
    stem = run.folder / "figures" / output_name(["sample", f"n{count}", *of_class], seed)
    grid, arrays = stem.with_suffix(".png"), stem.with_suffix(".npz")
    captions = [str(number) for number in range(count)] if numbered else None
    pictures = enlarged(drawn.images) if numbered else drawn.images  # to pick from by eye
    save_grid(grid, pictures, columns=min(columns or usual_columns(run, label), count), captions=captions)
    labels: dict[str, Any] = {} if drawn.labels is None else {"labels": drawn.labels}
    with whole_file(arrays) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, images=drawn.images, z=drawn.z, **labels, seed=seed)
    click.echo(grid)
    click.echo(arrays)


def usual_columns(run: Run, label: int | None) -> int:
    """Give the columns of a grid: of classes in turn, so that each has a column; else eight."""
    classes = run.config.network.classes
    return classes if label is None and 0 < classes <= MOST_COLUMNS else COLUMNS
