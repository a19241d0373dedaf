"""Concepts such as ``old-women=female,age>=50``: what some samples have in common, and how they are found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..gan.sampling import MOST
from ..runtime import UserError
from .attributes import EXAMPLES, Attribute

LIKE_A_NUMBER = re.compile(r"[-+.]?\d")
"""How a part begins that is no attribute: those begin with a letter, and a class by number is ``label=3``."""


@dataclass(frozen=True)
class Concept:
    """What some samples have in common: picked by eye, or by probes of attributes."""

    name: str
    numbers: tuple[int, ...] = ()
    """Of samples picked by eye; empty where probes pick."""
    attributes: tuple[Attribute, ...] = ()
    """All of which the samples have; empty where they were picked by eye."""
    option: str = "concept"
    """As which it was typed, for what is said of errors in it."""

    @classmethod
    def parse(cls, text: str, option: str = "concept") -> "Concept":
        """Read ``NAME=3,17,42`` (numbers of samples) or ``NAME=ATTRIBUTE,ATTRIBUTE...`` (see ``Attribute.parse``).

        Parameters
        ----------
        text
            What was typed.
        option
            As which it was, for what is said of errors.

        Raises
        ------
        UserError
            If there is no name, nothing after it, a number twice or that no sample has, or no attribute of that form.
        """
        name, equals, rest = text.partition("=")
        parts = [part.strip() for part in rest.split(",") if part.strip()]
        if not name.strip() or set(name) & set("<>") or not equals or not parts:
            raise UserError(
                f"got the concept {text!r}, expected NAME=3,17,42 (numbers of samples that `sample --number` shows), "
                f"or NAME= and attributes with commas, each {EXAMPLES}",
                option=option,
            )
        if not any(LIKE_A_NUMBER.match(part) for part in parts):
            try:
                return cls(name.strip(), attributes=tuple(Attribute.parse(part) for part in parts), option=option)
            except UserError as error:
                raise UserError(f"{error}, in the concept {text!r}", option=option) from error
        for part in parts:
            if not (part.isascii() and part.isdecimal() and int(part) < MOST):
                raise UserError(
                    f"got {part!r} in the concept {text!r}, expected numbers of samples from 0 to {MOST - 1:,} with "
                    "commas between them, as NAME=3,17,42",
                    option=option,
                )
        numbers = tuple(int(part) for part in parts)
        if len(set(numbers)) < len(numbers):
            raise UserError(f"got the concept {text!r}, expected each sample once", option=option)
        return cls(name.strip(), numbers=numbers, option=option)


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
            option="per_concept",
        )
    log_probability = -sum(np.logaddexp(0.0, -each) for each in scores)
    return np.argsort(-log_probability, kind="stable")[:count]
