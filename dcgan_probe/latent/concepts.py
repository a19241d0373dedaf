"""Takes a text such as ``old-women=female,age>=50`` and scores of samples, gives the samples of a concept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime import UserError
from .attributes import EXAMPLES, Attribute


@dataclass(frozen=True)
class Concept:
    """What some samples have in common: picked by eye, or by probes of attributes."""

    name: str
    numbers: tuple[int, ...] = ()
    """Of samples picked by eye; empty where probes pick."""
    attributes: tuple[Attribute, ...] = ()
    """All of which the samples have; empty where they were picked by eye."""

    @classmethod
    def parse(cls, text: str) -> "Concept":
        """Read ``NAME=3,17,42`` (numbers of samples) or ``NAME=ATTRIBUTE,ATTRIBUTE...`` (see ``Attribute.parse``).

        Raises
        ------
        UserError
            If there is no name, nothing after it, or a number twice.
        """
        name, equals, rest = text.partition("=")
        parts = [part.strip() for part in rest.split(",") if part.strip()]
        if not name.strip() or set(name) & set("<>") or not equals or not parts:
            raise UserError(
                f"got the concept {text!r}, expected NAME=3,17,42 (numbers of samples that `sample --number` shows), "
                f"or NAME= and attributes with commas, each {EXAMPLES}",
                option="concept",
            )
        if all(part.isdecimal() for part in parts):
            numbers = tuple(int(part) for part in parts)
            if len(set(numbers)) < len(numbers):
                raise UserError(f"got the concept {text!r}, expected each sample once", option="concept")
            return cls(name.strip(), numbers=numbers)
        return cls(name.strip(), attributes=tuple(Attribute.parse(part) for part in parts))


def top_samples(scores: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Give the numbers of the samples that most surely have every attribute, int64 (count,), the surest first.

    The probability of having all is taken for the product of the probabilities of each::

        log p = - sum_a log(1 + exp(-s_a))

    Parameters
    ----------
    scores
        For each attribute, the logarithm of the odds of each sample, (N,).

    Raises
    ------
    UserError
        If there are fewer samples than asked for.
    """
    if not 1 <= count <= len(scores[0]):
        raise UserError(
            f"got {count} samples of a concept from a pool of {len(scores[0])}, expected 1 to {len(scores[0])}",
            option="per-concept",
        )
    log_probability = -sum(np.logaddexp(0.0, -each) for each in scores)
    return np.argsort(-log_probability, kind="stable")[:count]
