"""Samples of a run, as images, latent vectors and a grid."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..images import enlarged, save_grid
from ..runtime import Workspace, require_instance, resolve_device
from ..storage import whole_file
from .class_labels import find_class
from .output_names import output_name, settings_digits
from .run import Run
from .sample_config import SampleConfig
from .sampling import Samples, draw_samples

COLUMNS, MOST_COLUMNS = 8, 20


@dataclass(frozen=True, kw_only=True)
class SampleResult(Samples):
    """Samples of a run, and how they are shown."""

    config: SampleConfig
    run: Run
    label: int | None
    """Class of all samples; None where they have each in turn, or none."""

    def save(self, folder: str | Path | None = None, name: str | None = None) -> list[Path]:
        """Write a PNG grid, and an .npz file with ``images``, ``z``, ``labels`` of a conditional run, and ``seed``.

        Parameters
        ----------
        folder
            ``figures`` in the run's folder by default.
        name
            Beginning of the files' names, which end in the seed and in digits of all settings; the verb and the main
            settings by default.

        Returns
        -------
        list of Path
            The two files, each whole or absent.

        Raises
        ------
        UserError
            If a file cannot be written.
        """
        place = self.run.folder / "figures" if folder is None else Path(folder)
        of_class = [] if self.label is None else [f"class{self.label}"]
        readable = [name] if name else ["sample", f"n{self.config.count}", *of_class]
        stem = output_name(self.config, readable, settings_digits(self.config))
        grid, arrays = place / f"{stem}.png", place / f"{stem}.npz"
        captions = [str(number) for number in range(len(self.images))] if self.config.numbered else None
        pictures = enlarged(self.images) if self.config.numbered else self.images  # to pick from by eye
        save_grid(grid, pictures, columns=min(self._columns, len(pictures)), captions=captions)
        labels: dict[str, Any] = {} if self.labels is None else {"labels": self.labels}
        with whole_file(arrays) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, images=self.images, z=self.z, **labels, seed=self.config.seed)
        return [grid, arrays]

    @property
    def _columns(self) -> int:
        """Columns of the grid: of classes in turn, so that each has a column; else eight."""
        classes = 0 if self.labels is None or self.label is not None else self.run.config.network.classes
        return self.config.columns or (classes if 0 < classes <= MOST_COLUMNS else COLUMNS)


def sample(run: Run, config: SampleConfig | None = None, *, workspace: Workspace | None = None) -> SampleResult:
    """Draw samples of a run; sample number i is the same whatever the count.

    A conditional run gives the classes in turn, or only the one of the config.

    Parameters
    ----------
    config
        How many samples, of which seed and class; 64 of seed 0 by default.
    workspace
        Its ``device`` computes.

    Raises
    ------
    UserError
        If the run cannot be read, or a class is given that it does not have.
    """
    config, place = config or SampleConfig(), workspace or Workspace()
    run = Run(run) if isinstance(run, str | Path) else run
    require_instance(run, Run, "run", "Run(folder)")
    require_instance(config, SampleConfig, "config")
    label = None if config.label is None else find_class(run, config.label)
    drawn = draw_samples(run, config.count, seed=config.seed, device=resolve_device(place.device), label=label)
    return SampleResult(**vars(drawn), config=config, run=run, label=label)
