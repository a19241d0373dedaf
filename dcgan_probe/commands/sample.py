"""``dcgan-probe sample``: draws images from a run's generator."""

from pathlib import Path

import click
import numpy as np

from ..images import save_grid
from ..latent import sample
from ..runtime import resolve_device
from ..storage import whole_file
from .options import Count, chosen_run, device_option, quiet_option, run_option, runs_option, seed_option


@click.command("sample")
@click.option("--count", type=Count(), default=64, show_default=True, help="Number of samples.")
@click.option(
    "--columns", type=click.IntRange(min=1), default=8, show_default=True, help="Samples in a row of the grid."
)
@click.option("--number", "numbered", is_flag=True, help="Write each sample's number below it, to be named elsewhere.")
@seed_option
@run_option
@runs_option
@device_option
@quiet_option
def sample_command(
    count: int,
    columns: int,
    numbered: bool,
    seed: int,
    run_folder: Path | None,
    runs: Path,
    device: str,
    quiet: bool,
) -> None:
    """Draw samples: a PNG grid, and an .npz with images uint8 (N, channels, H, W) and z float32 (N, nz).

    \b
    dcgan-probe sample --count 100 --columns 10 --seed 1
    """
    run = chosen_run(run_folder, runs, quiet=quiet)
    drawn = sample(run, count, seed=seed, device=resolve_device(device))
    stem = run.folder / "figures" / f"sample-n{count}-s{seed}"
    grid, arrays = stem.with_suffix(".png"), stem.with_suffix(".npz")
    captions = [str(number) for number in range(count)] if numbered else None
    save_grid(grid, drawn.images, columns=min(columns, count), captions=captions)
    with whole_file(arrays) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, images=drawn.images, z=drawn.z, seed=seed)
    click.echo(grid)
    click.echo(arrays)
