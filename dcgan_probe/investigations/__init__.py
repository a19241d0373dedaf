"""Floor 4. Investigations of a run: its latent space, its generator's maps and its discriminator's features.

Each investigation is a function of a run and a config; its result holds numbers, pictures and files::

    walk          a path through random z, and how even its steps are        latent_paths
    arithmetic    A - B + C, of z and of pixels                              concept_samples, concepts
    turn          an axis between two groups of samples, added in steps      concept_samples, concepts
    saliency      the pixels that excite a feature of D                      backpropagation
    forget        G without the maps that draw boxed objects                 map_removal, boxes, forget_findings

    config            configs of the investigations
    investigation     context of an investigation: a run, its generator and images, progress and files
    attributes        attributes of labeled images, such as ``age>=60``
    attribute_probes  two linear probes of an attribute: one selects, the other scores
"""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .arithmetic import (
        ArithmeticResult as ArithmeticResult,
        arithmetic as arithmetic,
        around as around,
        combine as combine,
        combine_pixels as combine_pixels,
    )
    from .attribute_probes import (
        AttributeProbe as AttributeProbe,
        ProbePair as ProbePair,
        encode_images as encode_images,
        fit_probe_pairs as fit_probe_pairs,
    )
    from .attributes import Attribute as Attribute
    from .backpropagation import (
        as_images as as_images,
        concentration as concentration,
        feature_saliency as feature_saliency,
        likeness as likeness,
        score_saliency as score_saliency,
        seen_pixels as seen_pixels,
        selectivity as selectivity,
        strongest as strongest,
        with_rule as with_rule,
    )
    from .boxes import (
        Box as Box,
        box_entries as box_entries,
        boxed_samples as boxed_samples,
        inside as inside,
        outlined as outlined,
        read_boxes as read_boxes,
        strongest_windows as strongest_windows,
    )
    from .concepts import Concept as Concept, top_samples as top_samples
    from .config import (
        ArithmeticConfig as ArithmeticConfig,
        ForgetConfig as ForgetConfig,
        SaliencyConfig as SaliencyConfig,
        TurnConfig as TurnConfig,
        WalkConfig as WalkConfig,
    )
    from .error_curves import FITTED_ON as FITTED_ON
    from .forget import ForgetResult as ForgetResult, forget as forget
    from .generated_images import (
        GeneratedResult as GeneratedResult,
        NeighborError as NeighborError,
        evaluate_generated as evaluate_generated,
        neighbor_errors as neighbor_errors,
        shuffled_blocks as shuffled_blocks,
    )
    from .investigation import Investigation as Investigation
    from .investigation_config import (
        GeneratedConfig as GeneratedConfig,
        InvestigationConfig as InvestigationConfig,
        SampleConfig as SampleConfig,
    )
    from .latent_paths import interpolate as interpolate, leg_unevenness as leg_unevenness, step_lengths as step_lengths
    from .map_removal import (
        BOX_PENALTY as BOX_PENALTY,
        ObjectMaps as ObjectMaps,
        contrast as contrast,
        count_maps as count_maps,
        difference_images as difference_images,
        find_object as find_object,
        layer_maps as layer_maps,
        map_images as map_images,
        object_layer as object_layer,
        pixel_change as pixel_change,
        without_maps as without_maps,
    )
    from .result import InvestigationResult as InvestigationResult
    from .saliency import SaliencyResult as SaliencyResult, saliency as saliency
    from .sample import SampleResult as SampleResult, sample as sample
    from .settings import Interpolation as Interpolation, Rule as Rule
    from .turn import (
        TurnResult as TurnResult,
        along as along,
        monotonicity as monotonicity,
        random_axis as random_axis,
        turn as turn,
        turn_axis as turn_axis,
    )
    from .walk import WalkResult as WalkResult, walk as walk

import_when_used(__name__)
