"""Floor 1. Image sets from every source, the local form, grids and the pixel range."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .classes import Classes, class_index, match_classes, name_numbers
    from .contact_sheet import contact_sheet, enlarged, save_contact_sheet, save_picture, tiled
    from .grids import image_grid, read_grid, save_animation, save_grid
    from .imageset import ImageSet, Part
    from .names import require_known
    from .neighbors import NearestSoFar, Neighbors, nearest_images, usual_distances
    from .pixels import from_signed, to_signed
    from .prepare import prepare
    from .prepared_files import PreparedFile, prepare_file
    from .settings import RESAMPLES, Depth, Layout, PrepareConfig, Resample
    from .sources import load_images

__all__ = [
    "RESAMPLES",
    "Classes",
    "Depth",
    "ImageSet",
    "Layout",
    "NearestSoFar",
    "Neighbors",
    "Part",
    "PrepareConfig",
    "PreparedFile",
    "Resample",
    "class_index",
    "contact_sheet",
    "enlarged",
    "from_signed",
    "image_grid",
    "load_images",
    "match_classes",
    "name_numbers",
    "nearest_images",
    "prepare",
    "prepare_file",
    "read_grid",
    "require_known",
    "save_animation",
    "save_contact_sheet",
    "save_grid",
    "save_picture",
    "tiled",
    "to_signed",
    "usual_distances",
]

import_when_used(__name__)
