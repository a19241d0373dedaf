"""Settings that all investigations of a run share, and configs of samples and of their test as training images."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from ..runtime import Config, UserError, option


@dataclass(frozen=True, kw_only=True)
class InvestigationConfig(Config):
    """Settings that, together with the run and its images, decide the numbers of an investigation."""

    seed: int = option(0, "Seed of every random choice.", min=0)

    @property
    def settings(self) -> tuple[str, ...]:
        """Main settings, which name the files for a reader."""
        return ()


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


@dataclass(frozen=True)
class GeneratedConfig(InvestigationConfig):
    """Real test images and numbers of samples for classifiers fitted to a conditional run's samples."""

    verb: ClassVar[str] = "eval-generated"

    dataset: str | None = option(None, "Labeled images of the same classes.", usual="the images that trained the run")
    counts: tuple[int, ...] = option((1000, 10_000, 100_000), "Generated images to fit on.", kind="numbers")

    @property
    def settings(self) -> tuple[str, ...]:
        """Counts and image set."""
        return "-".join(map(str, self.counts)), *([self.dataset] if self.dataset else [])

    def check(self) -> None:
        """Check that the counts grow."""
        counts = self.counts
        if not counts or counts[0] < 1 or any(a >= b for a, b in pairwise(counts)):
            raise UserError(
                f"got the counts {', '.join(map(str, counts)) or '(none)'}, expected increasing numbers from 1 on, "
                "such as 1000,10000,100000",
                parameter="counts",
            )
