"""Samples of a run, as images, latent vectors and a grid."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..gan.class_labels import find_class
from ..gan.run import Run
from ..gan.sampling import Samples, draw_samples
from ..images import enlarged, save_grid
from ..runtime import Workspace, require_instance, resolve_device
from ..storage import whole_file
from .investigation_config import SampleConfig
from .output_names import output_name, settings_digits

COLUMNS, MOST_COLUMNS = 8, 20


@dataclass(frozen=True, kw_only=True)
class SampleResult(Samples):
    """Samples of a run, and their layout."""

    config: SampleConfig
    run: Run
    label: int | None
    """Class of all samples; None for the classes in turn, or for an unconditional run."""

    def save(self, folder: str | Path | None = None, name: str | None = None) -> list[Path]:
        """Write a PNG grid, and an .npz file with ``images``, ``z``, ``labels`` of a conditional run, and ``seed``.

        Parameters
        ----------
        folder
            Folder of the files; ``figures`` in the run's folder by default.
        name
            Beginning of the file names; the verb and the main settings by default. The names end with the seed and
            digits of a hash of all settings.

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
        pictures = enlarged(self.images) if self.config.numbered else self.images  # to choose from by eye
        save_grid(grid, pictures, columns=min(self._columns, len(pictures)), captions=captions)
        labels: dict[str, Any] = {} if self.labels is None else {"labels": self.labels}
        with whole_file(arrays) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, images=self.images, z=self.z, **labels, seed=self.config.seed)
        return [grid, arrays]

    @property
    def _columns(self) -> int:
        """Columns of the grid: one for each class if the classes alternate, otherwise eight."""
        classes = 0 if self.labels is None or self.label is not None else self.run.config.network.classes
        return self.config.columns or (classes if 0 < classes <= MOST_COLUMNS else COLUMNS)


def sample(run: Run, config: SampleConfig | None = None, *, workspace: Workspace | None = None) -> SampleResult:
    """Draw samples of a run; sample number i does not depend on the count.

    A conditional run is sampled in all classes in turn, or only in the class of the config.

    Parameters
    ----------
    config
        Number, seed and class of the samples; 64 samples of seed 0 by default.
    workspace
        Workspace whose ``device`` is used; the default one if None.

    Raises
    ------
    UserError
        If the run cannot be read, or does not have the given class.
    """
    config, place = config or SampleConfig(), workspace or Workspace()
    run = Run(run) if isinstance(run, str | Path) else run
    require_instance(run, Run, "run", "Run(folder)")
    require_instance(config, SampleConfig, "config")
    label = None if config.label is None else find_class(run, config.label)
    drawn = draw_samples(run, config.count, seed=config.seed, device=resolve_device(place.device), label=label)
    return SampleResult(**vars(drawn), config=config, run=run, label=label)
