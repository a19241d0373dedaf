"""Config of the test of generated images as training images."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from ..gan import InvestigationConfig
from ..runtime import UserError, option


@dataclass(frozen=True)
class GeneratedConfig(InvestigationConfig):
    """Which real images the samples of a conditional run are tested on, and how many samples are fitted."""

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
                option="counts",
            )
