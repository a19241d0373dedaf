"""Samples of concepts, and the probes that pick them and score results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..gan import Samples
from ..runtime import UserError
from .attributes import Attribute
from .concepts import top_samples
from .config import ConceptsConfig
from .investigation import FeatureInvestigation
from .scoring import ProbePair

SCORE_UNIT = "logarithm of the odds that the scoring probe gives; 0 is even"


@dataclass(frozen=True)
class Gathered:
    """The samples of each concept, and the probes."""

    samples: dict[str, Samples]
    numbers: dict[str, list[int]]
    """Of the samples, by the concept's name."""
    probes: dict[str, ProbePair]
    """By the attribute; empty where none was named."""

    def qualities(self) -> list[str]:
        """Return a line on the probes of each attribute: scores mean as much as the probes are worth."""
        return [
            f"probes of {name}: balanced accuracy {100 * pair.scoring.balanced_accuracy:.0f} % (scores), "
            f"{100 * pair.selecting.balanced_accuracy:.0f} % (selects) on real images of neither; 50 % is chance"
            for name, pair in self.probes.items()
        ]

    def told(self) -> dict[str, Any]:
        """Return the numbers that stand in every JSON file."""
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
        """Return the scoring probes' values, float64 (n,) for each attribute, for images (n, channels, H, W)."""
        if not self.probes:
            return {}
        features = look.features(images)
        return {name: pair.scoring.score(features) for name, pair in self.probes.items()}


def gather(look: FeatureInvestigation, config: ConceptsConfig) -> Gathered:
    """Find the samples of concepts: those given by number, or those with the highest scores of the selecting probes.

    Raises
    ------
    UserError
        If a set has no such attribute, or the pool has too few samples.
    """
    concepts = config.parsed
    probes = look.probes(checked_attributes(look, config), config.dataset)
    if not probes:
        look.note("No attribute is named, so the pictures have no scores; name some that a labeled set answers.")
    features = None
    numbers: dict[str, list[int]] = {}
    for concept in concepts:
        if concept.numbers:
            numbers[concept.name] = list(concept.numbers)
            if len(concept.numbers) == 1:
                look.warn(
                    f"the concept {concept.name} has one sample: single samples are unstable, take three or more."
                )
            continue
        if features is None:
            features = look.features(look.samples(range(config.pool)).images)
        scores = [probes[str(each)].selecting.score(features) for each in concept.attributes]
        numbers[concept.name] = top_samples(scores, config.per_concept).tolist()
        lacking = sum(min(each[number] for each in scores) < 0 for number in numbers[concept.name])
        if lacking:
            look.warn(
                f"{lacking} of the {config.per_concept} samples of the concept {concept.name} lack an attribute of it, "
                f"by the probes that picked them: of {config.pool:,} samples too few have it; look at them, or take a "
                "larger pool."
            )
    samples = {name: look.samples(chosen) for name, chosen in numbers.items()}
    return Gathered(samples, numbers, probes)


def checked_attributes(look: FeatureInvestigation, config: ConceptsConfig) -> list[Attribute]:
    """Return the attributes of concepts and scores, each once; refuse those that the labeled set does not answer."""
    named = [(each, concept.option) for concept in config.parsed for each in concept.attributes]
    named += [(Attribute.parse(text), "attributes") for text in config.attributes]
    for attribute, option in named:
        try:
            attribute.of(look.labeled(config.dataset))
        except UserError as error:
            about = option if error.option == "attribute" else error.option
            raise UserError(str(error), option=about) from error
    return list(dict.fromkeys(attribute for attribute, _ in named))


def captioned(texts: Sequence[object] | None, scores: np.ndarray | None) -> list[str]:
    """Return a caption for each image, as ``17: -0.3``, of one or both parts; none if both are missing."""
    parts = [] if texts is None else [[str(text) for text in texts]]
    parts += [] if scores is None else [[f"{score:.1f}" for score in scores]]
    return [": ".join(part) for part in zip(*parts, strict=True)]


def and_score(attribute: str | None) -> str:
    """Return the part of a heading that explains the second number of a caption."""
    return "" if attribute is None else f", and how surely it has {attribute} (logarithm of the odds)"


def score_table(scores: dict[str, dict[str, float]]) -> list[str]:
    """Return lines of a table: a row for each name that is scored, a column for each attribute."""
    attributes = list(next(iter(scores.values()), {}))
    if not attributes:
        return []
    wide = max(len(name) for name in scores)
    columns = [max(len(attribute), 7) for attribute in attributes]
    head = " ".join(f"{attribute:>{size}}" for attribute, size in zip(attributes, columns, strict=True))
    return [
        "mean score (logarithm of the odds; 0 is even) by probes that selected nothing:",
        f"{'':{wide}}  {head}",
        *(
            f"{name:{wide}}  "
            + " ".join(f"{row[attribute]:>{size}.2f}" for attribute, size in zip(attributes, columns, strict=True))
            for name, row in scores.items()
        ),
    ]
