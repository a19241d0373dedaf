"""Samples of concepts, and the probes that pick them and score results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..gan import Samples
from ..runtime import UserError
from .attribute_probes import ProbePair
from .attributes import Attribute
from .concepts import top_samples
from .config import ConceptsConfig
from .feature_investigation import FeatureInvestigation

SCORE_UNIT = "log-odds by the scoring probe; 0 is even"


@dataclass(frozen=True)
class Gathered:
    """Samples of each concept, and the probes."""

    samples: dict[str, Samples]
    numbers: dict[str, list[int]]
    """Numbers of the samples, by the concept's name."""
    probes: dict[str, ProbePair]
    """Probes by attribute; empty if no attribute is named."""

    def qualities(self) -> list[str]:
        """Return a line for each attribute with the accuracies of its probes, which limit the meaning of scores."""
        return [
            f"probes of {name}: balanced accuracy {100 * pair.scoring.balanced_accuracy:.0f} % (scores), "
            f"{100 * pair.selecting.balanced_accuracy:.0f} % (selects) on other real images; 50 % is chance"
            for name, pair in self.probes.items()
        ]

    def record(self) -> dict[str, Any]:
        """Return the numbers that every JSON file contains."""
        accuracies = {
            name: {
                "selecting_balanced_accuracy": pair.selecting.balanced_accuracy,
                "scoring_balanced_accuracy": pair.scoring.balanced_accuracy,
                "images_each": pair.scoring.images,
            }
            for name, pair in self.probes.items()
        }
        return {"concepts": self.numbers, "probes": accuracies}

    def score_images(self, look: FeatureInvestigation, images: np.ndarray) -> dict[str, np.ndarray]:
        """Score images uint8 (n, channels, H, W) with the scoring probes: float64 (n,) for each attribute."""
        if not self.probes:
            return {}
        features = look.features(images)
        return {name: pair.scoring.score(features) for name, pair in self.probes.items()}


def gather(look: FeatureInvestigation, config: ConceptsConfig) -> Gathered:
    """Find the samples of concepts, by their numbers or by the highest scores of the selecting probes.

    Raises
    ------
    UserError
        If a set has no such attribute, or the pool has too few samples.
    """
    concepts = config.parsed
    probes = look.probes(checked_attributes(look, config), config.dataset)
    if not probes:
        look.note("No attribute is named, so the pictures have no scores; name attributes of a labeled set.")
    features = None
    numbers: dict[str, list[int]] = {}
    for concept in concepts:
        if concept.numbers:
            numbers[concept.name] = list(concept.numbers)
            if len(concept.numbers) == 1:
                look.warn(f"the concept {concept.name} has one sample: single samples are unstable, use three or more.")
            continue
        if features is None:
            features = look.features(look.samples(range(config.pool)).images)
        scores = [probes[str(each)].selecting.score(features) for each in concept.attributes]
        numbers[concept.name] = top_samples(scores, config.per_concept).tolist()
        lacking = sum(min(each[number] for each in scores) < 0 for number in numbers[concept.name])
        if lacking:
            look.warn(
                f"{lacking} of the {config.per_concept} samples of the concept {concept.name} lack one of its "
                f"attributes by the probes that picked them: too few of {config.pool:,} samples have it; look at the "
                "samples, or use a larger pool."
            )
    samples = {name: look.samples(chosen) for name, chosen in numbers.items()}
    return Gathered(samples, numbers, probes)


def checked_attributes(look: FeatureInvestigation, config: ConceptsConfig) -> list[Attribute]:
    """Return the attributes of concepts and scores without duplicates; check that the labeled set has each of them."""
    named = [(each, concept.parameter) for concept in config.parsed for each in concept.attributes]
    named += [(Attribute.parse(text), "attributes") for text in config.attributes]
    for attribute, parameter in named:
        try:
            attribute.of(look.labeled(config.dataset))
        except UserError as error:
            about = parameter if error.parameter == "attribute" else error.parameter
            raise UserError(str(error), parameter=about) from error
    return list(dict.fromkeys(attribute for attribute, _ in named))


def captioned(texts: Sequence[object] | None, scores: np.ndarray | None) -> list[str]:
    """Return a caption for each image, such as ``17: -0.3``, of one or both parts; no captions without either."""
    parts = [] if texts is None else [[str(text) for text in texts]]
    parts += [] if scores is None else [[f"{score:.1f}" for score in scores]]
    return [": ".join(part) for part in zip(*parts, strict=True)]


def and_score(attribute: str | None) -> str:
    """Return the part of a heading that explains the second number of a caption."""
    return "" if attribute is None else f", and the log-odds of {attribute}"


def score_table(scores: dict[str, dict[str, float]]) -> list[str]:
    """Return the lines of a table: a row for each name that is scored, a column for each attribute."""
    attributes = list(next(iter(scores.values()), {}))
    if not attributes:
        return []
    wide = max(len(name) for name in scores)
    columns = [max(len(attribute), 7) for attribute in attributes]
    head = " ".join(f"{attribute:>{size}}" for attribute, size in zip(attributes, columns, strict=True))
    return [
        "mean score (log-odds; 0 is even) by probes that selected nothing:",
        f"{'':{wide}}  {head}",
        *(
            f"{name:{wide}}  "
            + " ".join(f"{row[attribute]:>{size}.2f}" for attribute, size in zip(attributes, columns, strict=True))
            for name, row in scores.items()
        ),
    ]
