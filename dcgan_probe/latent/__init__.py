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
"""

from .arithmetic import around, combine, combine_pixels
from .attributes import Attribute
from .classes import find_class, require_conditional
from .concepts import Concept, top_samples
from .neighbours import Neighbours, nearest_images, usual_distances
from .sampling import Samples, generate, numbered, sample, sample_blocks
from .scoring import AttributeProbe, ProbePair, encode_images, fit_probe_pairs
from .turn import along, monotonicity, random_axis, turn_axis
from .walk import INTERPOLATIONS, Interpolation, interpolate, step_lengths

__all__ = [
    "INTERPOLATIONS",
    "Attribute",
    "AttributeProbe",
    "Concept",
    "Interpolation",
    "Neighbours",
    "ProbePair",
    "Samples",
    "along",
    "around",
    "combine",
    "combine_pixels",
    "encode_images",
    "find_class",
    "fit_probe_pairs",
    "generate",
    "interpolate",
    "monotonicity",
    "nearest_images",
    "numbered",
    "random_axis",
    "require_conditional",
    "sample",
    "sample_blocks",
    "step_lengths",
    "top_samples",
    "turn_axis",
    "usual_distances",
]
