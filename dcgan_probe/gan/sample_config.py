"""Config of the samples that are drawn from a run."""

from dataclasses import dataclass
from typing import ClassVar

from ..runtime import option
from .investigation_config import InvestigationConfig


@dataclass(frozen=True)
class SampleConfig(InvestigationConfig):
    """Which samples are drawn, and how they are laid out."""

    verb: ClassVar[str] = "sample"

    count: int = option(64, "Number of samples.", kind="count", min=1)
    columns: int | None = option(
        None, "Samples in a row of the grid.", min=1, usual="8; one a class, of a conditional run with up to 20"
    )
    label: str | None = option(
        None,
        "Of a conditional run: the class of all samples, by name or number.",
        flag="--class",
        metavar="NAME|N",
        usual="each in turn",
    )
    numbered: bool = option(
        False, "Enlarge the samples, each with its number below, to be named elsewhere.", flag="--number"
    )
