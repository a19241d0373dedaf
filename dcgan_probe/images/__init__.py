"""Floor 1. Image sets from every source, the local form, grids and the pixel range."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .classes import Classes, class_index, match_classes, name_numbers
    from .grids import image_grid, read_grid, save_animation, save_grid
    from .imageset import ImageSet, Part
    from .names import require_known
    from .pixels import from_signed, to_signed
    from .prepare import prepare
    from .settings import LAYOUTS, RESAMPLES, Depth, Layout, Resample
    from .sources import load_images

__all__ = [
    "LAYOUTS",
    "RESAMPLES",
    "Classes",
    "Depth",
    "ImageSet",
    "Layout",
    "Part",
    "Resample",
    "class_index",
    "from_signed",
    "image_grid",
    "load_images",
    "match_classes",
    "name_numbers",
    "prepare",
    "read_grid",
    "require_known",
    "save_animation",
    "save_grid",
    "to_signed",
]

import_when_used(__name__)
