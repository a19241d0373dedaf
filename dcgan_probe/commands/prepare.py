"""``dcgan-probe prepare``: the image-array file of any image source."""

from pathlib import Path

import click

from ..images import RESAMPLES, Resample, prepare
from .options import data_options, quiet_option, seed_option
from .progress import Progress


@click.command("prepare")
@click.argument("source")
@click.option(
    "--size", type=click.IntRange(min=1), default=32, show_default=True, help="Side of the images, in pixels."
)
@click.option("--split", type=click.Choice(["train", "test"]), default="train", show_default=True, help="Which split.")
@click.option("--channels", type=click.Choice(["1", "3"]), help="Greyscale or RGB.  [default: as the images]")
@click.option(
    "--resample",
    type=click.Choice(RESAMPLES),
    default="lanczos",
    show_default=True,
    help="Filter of the resize. Lanczos keeps the most detail; box is the mean of the pixels under a new one.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The .h5 file.  [default: DATA_DIR/NAME-SIZE_SPLIT.h5, found with --dataset NAME-SIZE]",
)
@seed_option
@data_options
@quiet_option
def prepare_command(
    source: str,
    size: int,
    split: str,
    channels: str | None,
    resample: Resample,
    out: Path | None,
    seed: int,
    data_dir: Path,
    download: bool,
    quiet: bool,
) -> None:
    """Write images of any SOURCE (a name, a folder, an .h5 file) as one HDF5 file of square images.

    The shorter side is resized to --size and the center kept; a set larger than memory works. The file records the
    filter of the resize, if any image had another size.

    \b
    dcgan-probe prepare PICTURES --size 64
    dcgan-probe prepare PICTURES --size 32 --resample box
    dcgan-probe prepare mnist --size 32 --split test
    """
    target = out or data_dir / f"{default_name(source)}-{size}_{split}.h5"
    with Progress(f"prepare {target}", 0, "images", quiet=quiet) as progress:

        def advance(done: int, total: int) -> None:
            progress.total = total
            progress.update(done)

        count = prepare(
            source,
            split,
            size,
            target,
            channels=int(channels) if channels else None,
            resample=resample,
            data_dir=data_dir,
            download=download,
            seed=seed,
            progress=advance,
        )
    click.echo(f"{target}: {count:,} images of {size} x {size}")


def default_name(source: str) -> str:
    """Return the name of the output: the last part of a source's path, without its split."""
    name = Path(source).resolve().stem if Path(source).exists() else source.replace(":", "_")
    return name.removesuffix("_train").removesuffix("_test")
