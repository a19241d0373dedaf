"""Floor 1. Image sets from every source, the local form, grids and the pixel range."""

from .grids import image_grid, read_grid, save_animation, save_grid
from .imageset import ImageSet
from .pixels import from_signed, to_signed
from .prepare import RESAMPLES, Resample, prepare
from .sources import load_images

__all__ = [
    "RESAMPLES",
    "ImageSet",
    "Resample",
    "from_signed",
    "image_grid",
    "load_images",
    "prepare",
    "read_grid",
    "save_animation",
    "save_grid",
    "to_signed",
]
