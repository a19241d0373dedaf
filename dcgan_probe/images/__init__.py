"""Floor 1. Image sets from every source, image-array files, grids and pixel ranges."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .classes import (
        Classes as Classes,
        class_index as class_index,
        match_classes as match_classes,
        name_numbers as name_numbers,
    )
    from .contact_sheet import (
        contact_sheet as contact_sheet,
        enlarged as enlarged,
        save_contact_sheet as save_contact_sheet,
        save_picture as save_picture,
        tiled as tiled,
    )
    from .grids import (
        image_grid as image_grid,
        read_grid as read_grid,
        save_animation as save_animation,
        save_grid as save_grid,
    )
    from .imageset import ImageSet as ImageSet, Part as Part
    from .neighbors import (
        NearestSoFar as NearestSoFar,
        Neighbors as Neighbors,
        nearest_images as nearest_images,
        usual_distances as usual_distances,
    )
    from .pixels import from_signed as from_signed, to_signed as to_signed
    from .prepare import prepare as prepare
    from .prepared_files import PreparedFile as PreparedFile, prepare_file as prepare_file
    from .set_names import require_known as require_known, set_name as set_name
    from .settings import (
        RESAMPLES as RESAMPLES,
        Depth as Depth,
        Layout as Layout,
        PrepareConfig as PrepareConfig,
        Resample as Resample,
    )
    from .sources import load_images as load_images
    from .split_caveats import SplitCaveats as SplitCaveats, split_caveats as split_caveats

import_when_used(__name__)
