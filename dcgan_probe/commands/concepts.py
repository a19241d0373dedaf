"""Takes concepts as the user typed them, gives their samples and the probes that score results; shared by two verbs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import ImageSet
from ..latent import Attribute, Concept, ProbePair, Samples, top_samples
from ..runtime import UserError
from .investigations import Investigation

SCORE_UNIT = "logarithm of the odds that the scoring probe gives; 0 is even"


@dataclass(frozen=True)
class Gathered:
    """The samples of each concept, and the probes."""

    samples: dict[str, Samples]
    numbers: dict[str, list[int]]
    """Of the samples, by the concept's name."""
    probes: dict[str, ProbePair]
    """By the attribute; empty where none was named."""

    def score(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """Give the scoring probes' values, float64 (n,) for each attribute, for features (n, D)."""
        return {name: pair.scoring.score(features) for name, pair in self.probes.items()}

    def qualities(self) -> list[str]:
        """Give a line on the probes of each attribute: scores mean as much as the probes are worth."""
        return [
            f"probes of {name}: balanced accuracy {100 * pair.scoring.balanced_accuracy:.0f} % (scores), "
            f"{100 * pair.selecting.balanced_accuracy:.0f} % (selects) on real images of neither; 50 % is chance"
            for name, pair in self.probes.items()
        ]

    def told(self) -> dict[str, Any]:
        """Give the numbers that stand in every JSON file."""
        accuracies = {
            name: {
                "selecting_balanced_accuracy": pair.selecting.balanced_accuracy,
                "scoring_balanced_accuracy": pair.scoring.balanced_accuracy,
                "images_each": pair.scoring.images,
            }
            for name, pair in self.probes.items()
        }
        return {"concepts": self.numbers, "probes": accuracies}

    def score_images(self, look: Investigation, images: np.ndarray) -> dict[str, np.ndarray]:
        """Give the scoring probes' values, float64 (n,) for each attribute, for images (n, channels, H, W)."""
        return self.score(look.features(images)) if self.probes else {}


def gather(
    look: Investigation,
    concepts: Sequence[Concept],
    scored: Sequence[str],
    *,
    dataset: str | None,
    pool: int,
    per_concept: int,
) -> Gathered:
    """Find the samples of concepts: those that were named, or those that the selecting probes give the highest scores.

    Raises
    ------
    UserError
        If two concepts have one name, or a set has no such attribute.
    """
    names = [concept.name for concept in concepts]
    if len(set(names)) < len(names):
        raise UserError(
            f"got the concepts {', '.join(names)}, expected a name of its own for each", option=concepts[-1].option
        )
    typed = [(each, concept.option) for concept in concepts for each in concept.attributes]
    typed += [(Attribute.parse(text), "attribute") for text in scored]
    if typed:
        check_attributes(typed, look.labelled(dataset))
    probes = look.probes(dict.fromkeys(attribute for attribute, _ in typed), dataset)
    if not probes:
        look.note("No attribute is named, so the pictures have no scores; --attribute names some of a labelled set.")
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
            features = look.features(look.samples(range(pool)).images)
        scores = [probes[str(each)].selecting.score(features) for each in concept.attributes]
        numbers[concept.name] = top_samples(scores, per_concept).tolist()
        lacking = sum(min(each[number] for each in scores) < 0 for number in numbers[concept.name])
        if lacking:
            look.warn(
                f"{lacking} of the {per_concept} samples of the concept {concept.name} lack an attribute of it, by the "
                f"probes that picked them: of {pool:,} samples too few have it; look at them, or take a larger --pool."
            )
    samples = {name: look.samples(chosen) for name, chosen in numbers.items()}
    return Gathered(samples, numbers, probes)


def check_attributes(typed: Sequence[tuple[Attribute, str]], images: ImageSet) -> None:
    """Refuse an attribute that a set does not answer, naming the option in which it was typed."""
    for attribute, option in typed:
        try:
            attribute.of(images)
        except UserError as error:
            about = option if error.option == "attribute" else error.option
            raise UserError(str(error), option=about) from error


def captioned(texts: Sequence[object] | None, scores: np.ndarray | None) -> list[str]:
    """Give a caption for each image, as ``17: -0.3``, of what there is of the two; none if there is neither."""
    parts = [] if texts is None else [[str(text) for text in texts]]
    parts += [] if scores is None else [[f"{score:.1f}" for score in scores]]
    return [": ".join(part) for part in zip(*parts, strict=True)]


def and_score(attribute: str | None) -> str:
    """Tell in a heading what the second number of a caption is."""
    return "" if attribute is None else f", and how surely it has {attribute} (logarithm of the odds)"


def score_table(scores: dict[str, dict[str, float]]) -> list[str]:
    """Give lines of a table: a row for each thing that is scored, a column for each attribute."""
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
