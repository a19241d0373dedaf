"""``dcgan-probe prepare``: the image-array file of any image source."""

from pathlib import Path

import click

from ..images import Depth, Layout, Resample, prepare
from ..storage import open_image_file
from .progress import Progress


def prepare_verb(
    source: str,
    size: int,
    split: str,
    channels: str | None,
    resample: Resample,
    depth: Depth | None,
    background: str,
    layout: Layout | None,
    skip_unreadable: bool,
    out: Path | None,
    seed: int,
    data_dir: Path,
    download: bool,
    quiet: bool,
) -> None:
    """Write images of any SOURCE (a name, a folder, an .h5 file) as one HDF5 file of square images."""
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
            depth=depth,
            background=background,
            layout=layout,
            skip_unreadable=skip_unreadable,
            data_dir=data_dir,
            download=download,
            seed=seed,
            progress=advance,
        )
    click.echo(f"{target}: {count:,} images of {size} x {size}{written_text(target)}")


def written_text(path: Path) -> str:
    """Describe what a written file says of unreadable images, and its classes in the order of the labels."""
    file = open_image_file(path)
    left_out = f", {file.unreadable:,} that could not be read left out" if file.unreadable else ""
    if file.labels is None:
        return left_out
    if file.class_names is None:
        return f"{left_out}, labels {file.labels.min()} to {file.labels.max()}"
    return f"{left_out}\nClasses, from label 0 on: {', '.join(file.class_names)}"


def default_name(source: str) -> str:
    """Return the name of the output: the last part of a source's path, without its split."""
    name = Path(source).resolve().stem if Path(source).exists() else source.replace(":", "_")
    return name.removesuffix("_train").removesuffix("_test")
