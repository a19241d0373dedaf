"""Result of an investigation of a run: numbers, pictures, warnings, summary and their files."""

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
"""Digits of a number in the JSON file."""


@dataclass(frozen=True, kw_only=True)
class InvestigationResult:
    """Numbers, pictures, warnings and summary of an investigation."""

    config: InvestigationConfig
    digits: str
    """Six digits of a hash of all settings, the end of the file names."""
    facts: Mapping[str, Any]
    """``command`` that repeats the investigation, ``seconds``, ``device``, ``versions`` and ``run`` (folder, data,
    weights)."""
    numbers: Mapping[str, Any]
    """Numbers by name: JSON values, arrays and mappings of both."""
    pictures: Mapping[str, np.ndarray]
    """Pictures by the ending of the file name: uint8 (height, width, 3), or an animation uint8 (frames, height, width,
    3)."""
    warnings: tuple[str, ...]
    """Sentences about the reliability of the result."""
    summary: tuple[str, ...]
    """Lines with the main numbers."""

    @property
    def attachments(self) -> Mapping[str, Any]:
        """Contents of other JSON files, by the ending of the file name."""
        return {}

    def save(
        self, folder: str | Path | None = None, name: str | None = None, *, command: str | None = None
    ) -> list[Path]:
        """Write all pictures, then the numbers as JSON; each file is whole or absent.

        Parameters
        ----------
        folder
            Folder of the files; ``figures`` in the run's folder by default.
        name
            Beginning of the file names; the verb and the main settings by default. The names end with the seed and
            digits of a hash of all settings.
        command
            Command line to record; by default, one that repeats the investigation.

        Returns
        -------
        list of Path
            Written files in order, the JSON file last.

        Raises
        ------
        UserError
            If a file cannot be written.
        """
        place = Path(self.facts["run"]["folder"]) / "figures" if folder is None else Path(folder)
        readable = [name] if name else [self.config.verb, *self.config.settings]
        stem = output_name(self.config, readable, self.digits)
        numbers = place / f"{stem}.json"
        # The old numbers go first, so that no interruption leaves them beside a new picture.
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
        record = {
            "command": command or self.facts["command"],
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            **{name: fact for name, fact in self.facts.items() if name != "command"},
            "seed": self.config.seed,
            "pictures": list(pictures),
            "warnings": self.warnings,
            "numbers": self.numbers,
        }
        return plain(record)


def _write(path: Path, content: Any) -> None:
    if not isinstance(content, np.ndarray):
        write_json(path, content)
    elif content.ndim == 4:
        save_animation(path, list(content), seconds=FRAME_SECONDS)
    else:
        save_picture(path, content)


def plain(value: Any) -> Any:
    """Convert a value for JSON: arrays to lists, floats to six digits, and floats that are not finite to None."""
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
