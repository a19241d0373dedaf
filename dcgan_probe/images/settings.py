"""Names of the filters that images are resized with and of the forms that they are read in; config of ``prepare``."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, get_args

from ..runtime import REQUIRED, Config, UserError, option

Resample = Literal["lanczos", "box", "bicubic"]
"""Filters of the resize; ``box`` is the mean of the pixels whose centers a new pixel covers."""
RESAMPLES: tuple[Resample, ...] = get_args(Resample)

Depth = Literal["scale"] | tuple[float, float]
"""What becomes 0 and 255: the full range of the stored type, or two numbers."""
Layout = Literal["NHWC", "NCHW", "NHW"]
"""Order of the axes of images in a file."""


@dataclass(frozen=True)
class PrepareConfig(Config):
    """An image-array file to be written: of which images, in which form, and where."""

    verb: ClassVar[str] = "prepare"
    places: ClassVar[tuple[str, ...]] = ("data_dir", "download")

    source: str = option(REQUIRED, argument=True)
    """The images: a name, a folder or an .h5 file."""
    size: int = option(32, "Side of the images, in pixels.", min=1)
    split: Literal["train", "test"] = option("train", "Which split.")
    channels: Literal[1, 3] | None = option(None, "Greyscale or RGB.", usual="as the images")
    resample: Resample = option(
        "lanczos",
        "Filter of the resize. Lanczos keeps the most detail; box is the mean of the pixels under a new one.",
    )
    depth: Depth | None = option(
        None,
        "What becomes 0 and 255 where images have more than 8 bits: scale, the full range of the type (fractions: 0 "
        "to 1), or two numbers LOW,HIGH.",
        kind="depth",
        usual="refuse them",
    )
    background: str = option("white", "Color under transparent pixels: a name or #rrggbb.")
    layout: Layout | None = option(None, "Axes of images in an .h5 file.", usual="as they fit")
    skip_unreadable: bool = option(False, "Leave out images that cannot be read; the file keeps the count.")
    out: Path | None = option(
        None,
        "The .h5 file.",
        file=True,
        usual="DATA_DIR/NAME-SIZE_SPLIT.h5, found with --dataset NAME-SIZE",
    )
    seed: int = option(0, "Seed of every random choice.", min=0)

    def check(self) -> None:
        """Check that a depth of two numbers has two."""
        if isinstance(self.depth, tuple) and len(self.depth) != 2:
            raise UserError(f"got depth {self.depth}, expected scale or two numbers", option="depth")
