"""Linear probes of attributes, fitted on labeled real images, that score generated images.

The two probes of an attribute share no image: one selects samples, and the other scores the results. A probe's scores
of the samples that it has selected itself would be high by chance alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..features import Encoder
from ..linear import fit_path
from ..runtime import UserError, numpy_generator

PENALTIES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
CHOICE_SHARE = 0.2
"""Share of a probe's images that choose its C."""
TOLERANCE = 1e-3
"""Relative gap of a fit, negligible beside the sampling error of the images."""
LEAST = 10
"""Least number of images with the attribute, and without it, in each part."""


@dataclass(frozen=True)
class AttributeProbe:
    """A logistic regression of one attribute on features."""

    coefficients: np.ndarray
    """float64 (D,)."""
    intercept: float
    C: float
    """Penalty, chosen on a fifth of the probe's own images."""
    balanced_accuracy: float
    """Mean of the shares of images with and without the attribute that are classified correctly, on images of neither
    probe; 0.5 is chance."""
    images: int
    """Number of real images that trained the probe, including those that chose C."""

    def score(self, features: np.ndarray) -> np.ndarray:
        """Return the log-odds that images have the attribute, float64 (n,), for features (n, D).

        A score of 0 means even odds, 2 means 88 %, and -2 means 12 %.
        """
        return features @ self.coefficients + self.intercept


@dataclass(frozen=True)
class ProbePair:
    """Two probes of one attribute, trained on different images."""

    selecting: AttributeProbe
    scoring: AttributeProbe


def encode_images(
    encoder: Encoder, images: np.ndarray, on_progress: Callable[[int], None] = lambda done: None
) -> np.ndarray:
    """Encode images uint8 (n, channels, H, W) that belong to no set, such as samples, as float32 features (n, D)."""
    blocks = []
    for start in range(0, len(images), encoder.batch):
        blocks.append(encoder.encode(images[start : start + encoder.batch]))
        on_progress(min(start + encoder.batch, len(images)))
    return np.concatenate(blocks)


def fit_probe_pairs(features: np.ndarray, attributes: Mapping[str, np.ndarray], seed: int) -> dict[str, ProbePair]:
    """Fit two probes of each attribute, each on two fifths of the images, and evaluate them on the rest.

    Parameters
    ----------
    features
        float32 (N, D) of labeled real images.
    attributes
        Labels, bool (N,), by the attribute's name.
    seed
        Seed of the split of the images, which all attributes share.

    Raises
    ------
    UserError
        If too few images have an attribute, or lack it.
    """
    order = numpy_generator(seed, "attribute probes").permutation(len(features))
    parts = np.split(order, [2 * len(order) // 5, 4 * len(order) // 5])
    for name, has in attributes.items():
        fewest = min(min(int(has[part].sum()), int((~has[part]).sum())) for part in parts)
        if fewest < LEAST:
            raise UserError(
                f"{int(has.sum())} of {len(has)} images have the attribute {name}, which leaves {fewest} with or "
                f"without it in one of three parts, expected at least {LEAST}; use a larger set or a more common "
                "attribute",
                parameter="attribute",
            )
    selecting, scoring, held_out = parts
    return {
        name: ProbePair(
            *(fit_attribute(features, has, trains=part, held_out=held_out) for part in (selecting, scoring))
        )
        for name, has in attributes.items()
    }


def fit_attribute(features: np.ndarray, has: np.ndarray, *, trains: np.ndarray, held_out: np.ndarray) -> AttributeProbe:
    """Fit one probe on the rows ``trains`` and evaluate it on the rows ``held_out``, integers each."""
    chooses = trains[: round(CHOICE_SHARE * len(trains))]
    rest = trains[len(chooses) :]
    path = fit_path(features[rest], has[rest].astype(np.int64), PENALTIES, classifier="logistic", tol=TOLERANCE)
    # The loss chooses C, since a rare attribute may be missing among these images.
    sign = np.where(has[chooses], -1.0, 1.0)
    losses = [np.logaddexp(0.0, sign * each.decision(features[chooses])).mean() for each in path]
    C = PENALTIES[int(np.argmin(losses))]
    [final] = fit_path(features[trains], has[trains].astype(np.int64), [C], classifier="logistic", tol=TOLERANCE)
    judged = balanced_accuracy(final.decision(features[held_out]) > 0, has[held_out])
    return AttributeProbe(final.coefficients[0], float(final.intercepts[0]), C, judged, len(trains))


def balanced_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of the shares of correct predictions among true and among false cases; both must occur."""
    return float((predicted[truth].mean() + (~predicted[~truth]).mean()) / 2)
