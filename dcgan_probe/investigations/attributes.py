"""Attributes of labeled images, such as ``age>=60``."""

import re
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ..images import ImageSet, class_index, name_numbers
from ..runtime import UserError

FORM = re.compile(r"\s*([A-Za-z_]\w*)\s*(>=|<|=)\s*(.+?)\s*")
LABEL = "label"
EXAMPLES = "a class such as female, or a comparison such as label=3, age>=60 or age<20"


@dataclass(frozen=True)
class Attribute:
    """Yes-or-no question about an image, answered by the labels or the attributes of a set."""

    name: str
    """``label``, or the name of an attribute of the set."""
    comparison: str
    """``=``, ``>=`` or ``<``."""
    value: str
    """Number or, with ``label``, a class name."""

    @classmethod
    def parse(cls, text: str, parameter: str = "attribute") -> "Attribute":
        """Read ``NAME=VALUE``, ``NAME>=VALUE``, ``NAME<VALUE``, or the name of a class.

        Parameters
        ----------
        parameter
            Parameter that an error names.

        Raises
        ------
        UserError
            If the text is empty, or has a comparison without a name or a value.
        """
        found = FORM.fullmatch(text)
        if found is not None:
            return cls(*found.groups())
        if not text.strip() or set(text) & set("<>="):
            raise UserError(f"got the attribute {text!r}, expected {EXAMPLES}", parameter=parameter)
        return cls(LABEL, "=", text.strip())

    def __str__(self) -> str:
        return (
            self.value if (self.name, self.comparison) == (LABEL, "=") else f"{self.name}{self.comparison}{self.value}"
        )

    def of(self, images: ImageSet) -> np.ndarray:
        """Return which images have the attribute, bool (N,).

        Raises
        ------
        UserError
            If the set has no labels, class or attribute of that name, the value is not a number where one is needed, or
            all images or none have the attribute.
        """
        numbers, value = (self._labels if self.name == LABEL else self._numbers)(images)
        has = {"=": numbers == value, ">=": numbers >= value, "<": numbers < value}[self.comparison]
        if has.all() or not has.any():
            raise UserError(
                f"{'all' if has.all() else 'none'} of the {len(images)} images of {images.name} have {self}, expected "
                "some with and some without",
                parameter="attribute",
            )
        return has

    def _labels(self, images: ImageSet) -> tuple[np.ndarray, float]:
        labels, names = images.require_labels(f"the attribute {self}"), images.class_names or ()
        index, numbers = class_index(names, self.value), name_numbers(names)
        if numbers is not None and (self.comparison != "=" or index is None):
            # Names are sorted as text, 10 before 2, so labels do not compare like the numbers.
            with suppress(ValueError):
                if self.comparison != "=" or float(self.value) in numbers:
                    return numbers[labels], float(self.value)
        elif index is not None:
            return labels, index
        elif self.value.isdecimal() and int(self.value) < (len(names) or int(labels.max()) + 1):
            return labels, int(self.value)
        raise UserError(
            f"{images.name} has no class {self.value!r}: expected one of {', '.join(names) or f'0 to {labels.max()}'}",
            parameter="attribute",
        )

    def _numbers(self, images: ImageSet) -> tuple[np.ndarray, float]:
        if self.name not in images.attributes:
            known = ", ".join([LABEL, *sorted(images.attributes)])
            raise UserError(
                f"{images.name} has no attribute {self.name!r}: expected one of {known}", parameter="attribute"
            )
        try:
            return images.attributes[self.name], float(self.value)
        except ValueError as error:
            raise UserError(
                f"got {self.name}{self.comparison}{self.value}, expected a number after {self.comparison}",
                parameter="attribute",
            ) from error
