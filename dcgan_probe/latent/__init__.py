"""Floor 4. Looking inside: samples by number, walks, arithmetic, turns, and the probes that score what they give.

::

    sampling      a run and numbers in, z and generated images out
    classes       which class of a conditional run a sample is of
    attributes    ``age>=60``: which images of a labelled set have it
    concepts      samples that have something in common, picked by eye or by probes
    scoring       two linear probes of an attribute: one selects, the other scores
    neighbours    the nearest training image of a sample
    walk          a path through random z, and how evenly it goes
    arithmetic    A - B + C, of z and of pixels
    turn          an axis between two groups of samples, added in steps
    saliency      which pixels excite a feature of D, by guided backpropagation, or a probe
    boxes         rectangles on samples, from a file or where a probe looks
    forgetting    the maps of G that draw what is in boxes, and G without them
"""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .arithmetic import around, combine, combine_pixels
    from .attributes import Attribute
    from .boxes import Box, boxed_samples, inside, outlined, read_boxes, strongest_windows, write_boxes
    from .classes import find_class, require_conditional
    from .concepts import Concept, top_samples
    from .forgetting import (
        BOX_PENALTY,
        ObjectMaps,
        contrast,
        count_maps,
        difference_images,
        find_object,
        layer_maps,
        map_images,
        object_layer,
        pixel_change,
        without_maps,
    )
    from .neighbours import Neighbours, nearest_images, usual_distances
    from .saliency import (
        as_images,
        concentration,
        feature_saliency,
        likeness,
        score_saliency,
        seen_pixels,
        selectivity,
        strongest,
        with_rule,
    )
    from .sampling import Samples, generate, numbered, require_room, sample, sample_blocks
    from .scoring import AttributeProbe, ProbePair, encode_images, fit_probe_pairs
    from .settings import INTERPOLATIONS, RULES, Interpolation, Rule
    from .turn import along, monotonicity, random_axis, turn_axis
    from .walk import interpolate, leg_unevenness, step_lengths

__all__ = [
    "BOX_PENALTY",
    "INTERPOLATIONS",
    "RULES",
    "Attribute",
    "AttributeProbe",
    "Box",
    "Concept",
    "Interpolation",
    "Neighbours",
    "ObjectMaps",
    "ProbePair",
    "Rule",
    "Samples",
    "along",
    "around",
    "as_images",
    "boxed_samples",
    "combine",
    "combine_pixels",
    "concentration",
    "contrast",
    "count_maps",
    "difference_images",
    "encode_images",
    "feature_saliency",
    "find_class",
    "find_object",
    "fit_probe_pairs",
    "generate",
    "inside",
    "interpolate",
    "layer_maps",
    "leg_unevenness",
    "likeness",
    "map_images",
    "monotonicity",
    "nearest_images",
    "numbered",
    "object_layer",
    "outlined",
    "pixel_change",
    "random_axis",
    "read_boxes",
    "require_conditional",
    "require_room",
    "sample",
    "sample_blocks",
    "score_saliency",
    "seen_pixels",
    "selectivity",
    "step_lengths",
    "strongest",
    "strongest_windows",
    "top_samples",
    "turn_axis",
    "usual_distances",
    "with_rule",
    "without_maps",
    "write_boxes",
]

import_when_used(__name__)
