"""Config of samples of a run."""

from dataclasses import dataclass
from typing import ClassVar

from ..runtime import option
from .investigation_config import InvestigationConfig


@dataclass(frozen=True)
class SampleConfig(InvestigationConfig):
    """Number, class and layout of samples."""

    verb: ClassVar[str] = "sample"

    count: int = option(64, "Number of samples.", kind="count", min=1)
    columns: int | None = option(
        None,
        "Samples in a row of the grid.",
        min=1,
        usual="8; one per class, for up to 20 classes of a conditional run",
    )
    label: str | None = option(
        None,
        "Class of all samples of a conditional run, by name or number.",
        flag="--class",
        metavar="NAME|N",
        usual="each in turn",
    )
    numbered: bool = option(
        False, "Enlarge the samples, and write the number of each below, for use in other verbs.", flag="--number"
    )
