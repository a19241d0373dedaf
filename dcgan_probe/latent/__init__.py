"""Floor 4. Investigations of a run: its latent space, its generator's maps and its discriminator's features.

Each is a function of a run and a config; its result holds numbers, pictures and files::

    walk          a path through random z, and how evenly it goes            paths
    arithmetic    A - B + C, of z and of pixels                              gathering, concepts
    turn          an axis between two groups of samples, added in steps      gathering, concepts
    saliency      which pixels excite a feature of D                         backpropagation
    forget        G without the maps that draw what is in boxes              forgetting, boxes, forget_findings

    config        their configs
    investigation a run under way, with its encoder and probes of attributes
    attributes    ``age>=60``: which images of a labeled set have it
    scoring       two linear probes of an attribute: one selects, the other scores
"""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .arithmetic import ArithmeticResult, arithmetic, around, combine, combine_pixels
    from .attributes import Attribute
    from .backpropagation import (
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
    from .boxes import Box, box_entries, boxed_samples, inside, outlined, read_boxes, strongest_windows
    from .concepts import Concept, top_samples
    from .config import ArithmeticConfig, ForgetConfig, SaliencyConfig, TurnConfig, WalkConfig
    from .forget import ForgetResult, forget
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
    from .paths import interpolate, leg_unevenness, step_lengths
    from .saliency import SaliencyResult, saliency
    from .scoring import AttributeProbe, ProbePair, encode_images, fit_probe_pairs
    from .settings import Interpolation, Rule
    from .turn import TurnResult, along, monotonicity, random_axis, turn, turn_axis
    from .walk import WalkResult, walk

__all__ = [
    "BOX_PENALTY",
    "ArithmeticConfig",
    "ArithmeticResult",
    "Attribute",
    "AttributeProbe",
    "Box",
    "Concept",
    "ForgetConfig",
    "ForgetResult",
    "Interpolation",
    "ObjectMaps",
    "ProbePair",
    "Rule",
    "SaliencyConfig",
    "SaliencyResult",
    "TurnConfig",
    "TurnResult",
    "WalkConfig",
    "WalkResult",
    "along",
    "arithmetic",
    "around",
    "as_images",
    "box_entries",
    "boxed_samples",
    "combine",
    "combine_pixels",
    "concentration",
    "contrast",
    "count_maps",
    "difference_images",
    "encode_images",
    "feature_saliency",
    "find_object",
    "fit_probe_pairs",
    "forget",
    "inside",
    "interpolate",
    "layer_maps",
    "leg_unevenness",
    "likeness",
    "map_images",
    "monotonicity",
    "object_layer",
    "outlined",
    "pixel_change",
    "random_axis",
    "read_boxes",
    "saliency",
    "score_saliency",
    "seen_pixels",
    "selectivity",
    "step_lengths",
    "strongest",
    "strongest_windows",
    "top_samples",
    "turn",
    "turn_axis",
    "walk",
    "with_rule",
    "without_maps",
]

import_when_used(__name__)
