"""Floor 4. Looking inside: samples by number, walks, arithmetic, turns, and the probes that score what they give.

::

    sampling      a run and numbers in, z and generated images out
    attributes    ``age>=60``: which images of a labelled set have it
    concepts      samples that have something in common, picked by eye or by probes
    scoring       two linear probes of an attribute: one selects, the other scores
    neighbours    the nearest training image of a sample
    walk          a path through random z, and how evenly it goes
    arithmetic    A - B + C, of z and of pixels
    turn          an axis between two groups of samples, added in steps
    saliency      which pixels excite a feature of D, by guided backpropagation
"""

from .arithmetic import around, combine, combine_pixels
from .attributes import Attribute
from .concepts import Concept, top_samples
from .neighbours import Neighbours, nearest_images, usual_distances
from .saliency import (
    RULES,
    Rule,
    as_images,
    concentration,
    feature_saliency,
    likeness,
    selectivity,
    strongest,
    with_rule,
)
from .sampling import Samples, generate, numbered, sample
from .scoring import AttributeProbe, ProbePair, encode_images, fit_probe_pairs
from .turn import along, monotonicity, random_axis, turn_axis
from .walk import INTERPOLATIONS, Interpolation, interpolate, step_lengths

__all__ = [
    "INTERPOLATIONS",
    "RULES",
    "Attribute",
    "AttributeProbe",
    "Concept",
    "Interpolation",
    "Neighbours",
    "ProbePair",
    "Rule",
    "Samples",
    "along",
    "around",
    "as_images",
    "combine",
    "combine_pixels",
    "concentration",
    "encode_images",
    "feature_saliency",
    "fit_probe_pairs",
    "generate",
    "interpolate",
    "likeness",
    "monotonicity",
    "nearest_images",
    "numbered",
    "random_axis",
    "sample",
    "selectivity",
    "step_lengths",
    "strongest",
    "top_samples",
    "turn_axis",
    "usual_distances",
    "with_rule",
]
