"""Result of an investigation of a run: numbers, pictures, warnings and summary, and the files that keep them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..images import save_animation, save_picture
from ..storage import explained_disk_errors, write_json
from .investigation_config import InvestigationConfig
from .output_names import output_name

FRAME_SECONDS = 0.08
SIGNIFICANT_DIGITS = 6
"""Of a number in the JSON file."""


@dataclass(frozen=True, kw_only=True)
class InvestigationResult:
    """Everything that an investigation found."""

    config: InvestigationConfig
    digits: str
    """Six digits of a hash of all settings, with which the names of the files end."""
    facts: Mapping[str, Any]
    """``command`` that does the same, ``seconds``, ``device``, ``versions`` and ``run`` (its folder, data, weights)."""
    numbers: Mapping[str, Any]
    """Every number by its name: JSON values, arrays and mappings of both."""
    pictures: Mapping[str, np.ndarray]
    """By the ending of the file's name: uint8 (height, width, 3), or an animation uint8 (frames, height, width, 3)."""
    warnings: tuple[str, ...]
    """Sentences on what makes the result doubtful."""
    summary: tuple[str, ...]
    """Lines that tell the main numbers."""

    @property
    def attachments(self) -> Mapping[str, Any]:
        """Other JSON files, by the ending of the name."""
        return {}

    def save(
        self, folder: str | Path | None = None, name: str | None = None, *, command: str | None = None
    ) -> list[Path]:
        """Write all pictures, then the numbers as JSON; each file is whole or absent.

        Parameters
        ----------
        folder
            ``figures`` in the run's folder by default.
        name
            Beginning of the files' names, which end in the seed and in digits of all settings; the verb and the main
            settings by default.
        command
            The command line to be recorded; one that does the same by default.

        Returns
        -------
        list of Path
            The files in the order in which they were written, the JSON file last.

        Raises
        ------
        UserError
            If a file cannot be written.
        """
        place = Path(self.facts["run"]["folder"]) / "figures" if folder is None else Path(folder)
        readable = [name] if name else [self.config.verb, *self.config.settings]
        stem = output_name(self.config, readable, self.digits)
        numbers = place / f"{stem}.json"
        # Whenever the writing ends, no new picture lies beside the numbers of an earlier call.
        with explained_disk_errors(numbers):
            numbers.unlink(missing_ok=True)
        written = []
        for ending, content in {**self.attachments, **self.pictures}.items():
            written.append(place / f"{stem}{ending}")
            _write(written[-1], content)
        write_json(numbers, self.record([path.name for path in written], command))
        return [*written, numbers]

    def record(self, pictures: Sequence[str] = (), command: str | None = None) -> dict[str, Any]:
        """Return the content of the JSON file, with the names of the picture files."""
        told = {
            "command": command or self.facts["command"],
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            **{name: fact for name, fact in self.facts.items() if name != "command"},
            "seed": self.config.seed,
            "pictures": list(pictures),
            "warnings": self.warnings,
            "numbers": self.numbers,
        }
        return plain(told)


def _write(path: Path, content: Any) -> None:
    if not isinstance(content, np.ndarray):
        write_json(path, content)
    elif content.ndim == 4:
        save_animation(path, list(content), seconds=FRAME_SECONDS)
    else:
        save_picture(path, content)


def plain(value: Any) -> Any:
    """Return a value as JSON takes it: arrays as lists, floats with six digits, None for those that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
    return value
