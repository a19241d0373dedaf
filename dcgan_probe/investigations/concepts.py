"""Concepts such as ``old-women=female,age>=50``, given by the numbers of samples or by attributes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..gan.sampling import MOST
from ..runtime import UserError
from .attributes import EXAMPLES, Attribute

LIKE_A_NUMBER = re.compile(r"[-+.]?\d")
"""Beginning of a part that is no attribute: attributes begin with a letter, and a class by number is ``label=3``."""


@dataclass(frozen=True)
class Concept:
    """Common property of samples that are picked by eye, or by probes of attributes."""

    name: str
    numbers: tuple[int, ...] = ()
    """Numbers of samples picked by eye; empty if probes pick the samples."""
    attributes: tuple[Attribute, ...] = ()
    """Attributes that every sample has; empty if the samples are picked by eye."""
    parameter: str = "concept"
    """Parameter that error messages name."""

    @classmethod
    def parse(cls, text: str, parameter: str = "concept") -> "Concept":
        """Read ``NAME=3,17,42`` (numbers of samples) or ``NAME=ATTRIBUTE,ATTRIBUTE...`` (see ``Attribute.parse``).

        Parameters
        ----------
        text
            Text of the concept.
        parameter
            Parameter that error messages name.

        Raises
        ------
        UserError
            If the text has no name or nothing after it, a number occurs twice or is out of range, or an attribute
            cannot be read.
        """
        name, equals, rest = text.partition("=")
        parts = [part.strip() for part in rest.split(",") if part.strip()]
        if not name.strip() or set(name) & set("<>") or not equals or not parts:
            raise UserError(
                f"got the concept {text!r}, expected NAME=3,17,42 (numbers of samples that `sample --number` shows), "
                f"or NAME= and attributes with commas, each {EXAMPLES}",
                parameter=parameter,
            )
        if not any(LIKE_A_NUMBER.match(part) for part in parts):
            try:
                return cls(name.strip(), attributes=tuple(Attribute.parse(part) for part in parts), parameter=parameter)
            except UserError as error:
                raise UserError(f"{error}, in the concept {text!r}", parameter=parameter) from error
        for part in parts:
            if not (part.isascii() and part.isdecimal() and int(part) < MOST):
                raise UserError(
                    f"got {part!r} in the concept {text!r}, expected numbers of samples from 0 to {MOST - 1:,} with "
                    "commas between them, as NAME=3,17,42",
                    parameter=parameter,
                )
        numbers = tuple(int(part) for part in parts)
        if len(set(numbers)) < len(numbers):
            raise UserError(f"got the concept {text!r}, expected each sample once", parameter=parameter)
        return cls(name.strip(), numbers=numbers, parameter=parameter)


def top_samples(scores: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Return the numbers of the samples most likely to have every attribute, int64 (count,), the likeliest first.

    The probability of all attributes is approximated by the product of their probabilities::

        log p = - sum_a log(1 + exp(-s_a))

    Parameters
    ----------
    scores
        Log-odds of each sample, (N,), for each attribute.

    Raises
    ------
    UserError
        If ``count`` is less than 1 or exceeds the number of samples.
    """
    if not 1 <= count <= len(scores[0]):
        raise UserError(
            f"got {count} samples of a concept from a pool of {len(scores[0])}, expected 1 to {len(scores[0])}",
            parameter="per_concept",
        )
    log_probability = -sum(np.logaddexp(0.0, -each) for each in scores)
    return np.argsort(-log_probability, kind="stable")[:count]
