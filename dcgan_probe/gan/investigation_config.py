"""Config of an investigation of a run: the part that all of them share."""

from dataclasses import dataclass

from ..runtime import Config, option


@dataclass(frozen=True, kw_only=True)
class InvestigationConfig(Config):
    """Settings of one investigation: everything that decides its numbers, beside the run and its images."""

    seed: int = option(0, "Seed of every random choice.", min=0)

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that distinguish this investigation for a person; its files are named after them."""
        return ()
