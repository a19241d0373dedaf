"""Config of ``prepare``, with the names of resize filters and image layouts."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, get_args

from ..runtime import REQUIRED, Config, UserError, option

Resample = Literal["lanczos", "box", "bicubic"]
"""Resize filters; ``box`` is the mean of the pixels whose centers are in a new pixel."""
RESAMPLES: tuple[Resample, ...] = get_args(Resample)

Depth = Literal["scale"] | tuple[float, float]
"""Values that become 0 and 255: the full range of the stored type, or two numbers."""
Layout = Literal["NHWC", "NCHW", "NHW"]
"""Order of the axes of images in a file."""


@dataclass(frozen=True)
class PrepareConfig(Config):
    """Source, form and path of an image-array file."""

    verb: ClassVar[str] = "prepare"
    places: ClassVar[tuple[str, ...]] = ("data_dir", "download")

    source: str = option(REQUIRED, argument=True)
    """Source of the images: a name, a folder or an .h5 file."""
    size: int = option(32, "Side of the images, in pixels.", min=1)
    split: Literal["train", "test"] = option("train", "Split to write.")
    channels: Literal[1, 3] | None = option(None, "Grayscale (1) or RGB (3).", usual="as in SOURCE")
    resample: Resample = option(
        "lanczos",
        "Resize filter. Lanczos preserves the most detail; box is the mean of the pixels that a new pixel covers.",
    )
    depth: Depth | None = option(
        None,
        "Values that become 0 and 255 in images with more than 8 bits: scale for the full range of the type "
        "(fractions: 0 to 1), or two numbers LOW,HIGH.",
        kind="depth",
        usual="refuse such images",
    )
    background: str = option("white", "Color under transparent pixels: a name or #rrggbb.")
    layout: Layout | None = option(None, "Axes of images in an .h5 file.", usual="the only order that fits")
    skip_unreadable: bool = option(False, "Omit unreadable images; the file records their number.")
    out: Path | None = option(
        None,
        "The .h5 file.",
        file=True,
        usual="DATA_DIR/NAME-SIZE_SPLIT.h5, found with --dataset NAME-SIZE",
    )
    seed: int = option(0, "Seed of every random choice.", min=0)

    def check(self) -> None:
        """Check that a depth of numbers has two of them.

        Raises
        ------
        UserError
            If it has another count.
        """
        if isinstance(self.depth, tuple) and len(self.depth) != 2:
            raise UserError(f"got depth {self.depth}, expected scale or two numbers", parameter="depth")
