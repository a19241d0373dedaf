"""Settings that all investigations of a run share."""

from dataclasses import dataclass

from ..runtime import Config, option


@dataclass(frozen=True, kw_only=True)
class InvestigationConfig(Config):
    """Settings that, together with the run and its images, decide the numbers of an investigation."""

    seed: int = option(0, "Seed of every random choice.", min=0)

    @property
    def settings(self) -> tuple[str, ...]:
        """Main settings, which name the files for a reader."""
        return ()
