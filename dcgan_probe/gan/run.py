"""Run folders: the files of a training run, and functions that read and write them.

::

    RUN/config.json       resolved config, training images, one entry per session: versions, command line, device
    RUN/checkpoint.pt     the last good state, from which training resumes
    RUN/best.pt           with ``keep`` best: the state with the best probe on validation images so far
    RUN/stats.jsonl       one line per tick
    RUN/curves.png        curves of these lines
    RUN/samples/*.png     a grid of real images, and of one fixed batch of noise over time
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runtime import OnNote, UserError, no_note, versions
from ..storage import explained_disk_errors, read_json, write_json, write_text
from .config import TrainConfig

if TYPE_CHECKING:
    from ..images import ImageSet
    from ..networks import Discriminator, Generator

UNTRAINED = "untrained_accuracy"
"""Key in a session's ``probe``: accuracy of the networks before training, 0 to 1."""


@dataclass(frozen=True)
class TrainedOn:
    """Training images of a run's networks."""

    name: str
    """Name of the image set."""
    split: str
    images: int
    """Size of the set."""
    fingerprint: str
    source: str
    class_names: tuple[str, ...] | None = None
    """Name of each class in the order of the labels, where known."""

    @classmethod
    def of(cls, images: "ImageSet") -> "TrainedOn":
        """Describe an image set."""
        return cls(
            images.name, images.split, len(images), images.fingerprint, images.source, class_names=images.class_names
        )


class Run:
    """A run folder."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.config_path = self.folder / "config.json"
        self.checkpoint_path = self.folder / "checkpoint.pt"
        self.best_path = self.folder / "best.pt"
        self.stats_path = self.folder / "stats.jsonl"
        self.curves_path = self.folder / "curves.png"
        self.samples = self.folder / "samples"

    def __repr__(self) -> str:
        """Return the folder, the network and the images seen; a folder that is no run says so."""
        try:
            config, rows = self.config, self.stats()
        except (UserError, OSError, ValueError):
            return f"Run({str(self.folder)!r}: no run that can be read)"
        seen = rows[-1]["images_seen"] if rows else 0
        return (
            f"Run({str(self.folder)!r}: {config.preset} on {config.dataset}, {seen:,} of {config.images:,} images seen)"
        )

    @property
    def exists(self) -> bool:
        """True if a training run was ever started in this folder."""
        return self.config_path.is_file()

    def _stored(self) -> dict[str, Any]:
        if not self.exists:
            raise UserError(f"{self.folder} is not a run folder: it has no config.json; train first", parameter="run")
        stored = read_json(self.config_path)
        if not isinstance(stored, dict) or not {"config", "trained_on", "sessions"} <= set(stored):
            raise UserError(f"{self.config_path} is not a run's config; expected config, trained_on and sessions")
        return stored

    @cached_property
    def config(self) -> TrainConfig:
        """The run's settings, read once; ``begin_session`` replaces them.

        Raises
        ------
        UserError
            If this is no run folder.
        """
        return TrainConfig.from_dict(self._stored()["config"])

    @cached_property
    def trained_on(self) -> TrainedOn:
        """The run's training images, read once; ``begin_session`` replaces them."""
        try:
            trained_on = TrainedOn(**self._stored()["trained_on"])
        except TypeError as error:
            raise UserError(f"{self.config_path} does not describe the training images ({error})") from error
        names = trained_on.class_names
        return trained_on if names is None else replace(trained_on, class_names=tuple(names))

    def begin_session(self, config: TrainConfig, trained_on: TrainedOn, session: dict[str, Any]) -> None:
        """Store the config and add an entry to the list of sessions."""
        sessions = self._stored()["sessions"] if self.exists else []
        now = datetime.now(UTC).isoformat(timespec="seconds")
        sessions.append({"started": now, **session, "versions": versions()})
        stored = {"config": config.to_dict(), "trained_on": asdict(trained_on), "sessions": sessions}
        write_json(self.config_path, stored)
        self.config, self.trained_on = config, trained_on

    def untrained_accuracy(self) -> float | None:
        """Return the probe's accuracy before training, 0 to 1; None if the run did not begin with a probe."""
        accuracy: float | None = self._stored()["sessions"][0].get("probe", {}).get(UNTRAINED)
        return accuracy

    def load(self) -> dict[str, Any]:
        """Read the checkpoint that the config's ``keep`` selects, onto the CPU.

        Raises
        ------
        UserError
            If it is missing, cannot be read, or belongs to a run with other settings.
        """
        if self.config.keep == "last":
            return self.load_last()
        if not self.best_path.is_file():
            raise UserError(
                f"{self.folder} keeps the weights with the best probe, and has none yet ({self.best_path}); resume "
                "training until the first probe",
                parameter="run",
            )
        return self._load(self.best_path)

    def load_last(self) -> dict[str, Any]:
        """Read the checkpoint that training resumes from; errors are those of ``load``."""
        return self._load(self.checkpoint_path)

    def _load(self, path: Path) -> dict[str, Any]:
        from .checkpoint import load_checkpoint  # late, since it imports torch

        stored = load_checkpoint(path)
        different = self.config.differences(TrainConfig.from_dict(stored["config"]))
        if different:
            raise UserError(
                f"{path} belongs to a run with other settings than {self.config_path}: "
                f"{'; '.join(different)}; restore the run's own checkpoint, or train again in another folder"
            )
        return stored

    def position(self) -> int:
        """Return the real images seen by the discriminator up to the last checkpoint."""
        return self.load_last()["position"]

    def discriminator(self) -> "Discriminator":
        """Load the trained discriminator, on the CPU."""
        from ..networks import load_discriminator  # late, since it imports torch

        return load_discriminator(self.config.network, self.load()["discriminator"])

    def generator(self) -> "Generator":
        """Load the trained generator, on the CPU: the average of its weights if the run keeps one.

        Raises
        ------
        UserError
            If the run was imported without one.
        """
        from ..networks import load_generator  # late, since it imports torch

        stored = self.load()
        if stored["generator"] is None:
            raise UserError(
                f"{self.folder} was imported without a generator: {stored['imported']['without_generator']}; "
                "import a folder that holds all of its arrays into another run",
                parameter="run",
            )
        return load_generator(self.config.network, stored.get("average") or stored["generator"])

    def stats(self) -> list[dict[str, Any]]:
        """Read the rows of ``stats.jsonl``, oldest first; the list is empty before training."""
        return [json.loads(line) for line in self._stats_lines()]

    def _stats_lines(self) -> list[str]:
        if not self.stats_path.exists():
            return []
        # A last line that was cut off by a kill or a full disk has no newline.
        lines = self.stats_path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [line for line in lines if line.endswith("\n")]

    def append_stats(self, row: dict[str, Any]) -> None:
        """Add one row to ``stats.jsonl``."""
        with explained_disk_errors(self.stats_path), open(self.stats_path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def forget_after(self, position: int) -> None:
        """Remove leftovers of a killed session: temporary files, and lines of ``stats.jsonl`` past its checkpoint."""
        for temporary in self.folder.glob(".*.part"):
            temporary.unlink()
        if not self.stats_path.exists():
            return
        kept = [line for line in self._stats_lines() if json.loads(line)["images_seen"] <= position]
        write_text(self.stats_path, "".join(kept))


def thinned(rows: Sequence[dict[str, Any]], keep: int = 200) -> list[dict[str, Any]]:
    """Return the rows of a run's statistics that suffice to show the course of training.

    The result holds the first and the last row, every row with a probe, the two rows at each change of the collapse
    state, and the nearest row to each of ``keep`` positions of ``images_seen`` at equal distances. Thinning a
    result again returns it unchanged.

    Parameters
    ----------
    rows
        As ``Run.stats`` reads them, oldest first. Rows of earlier versions may lack a number.
    keep
        Number of the positions, at least 2. All rows are returned if there are no more than that.

    Returns
    -------
    list of dict
        Unchanged rows, in order: at most ``keep``, and the rows of probes and changes.
    """
    if len(rows) <= keep:
        return list(rows)
    import numpy as np  # late, since a run folder is found without NumPy

    seen = np.array([row["images_seen"] for row in rows], dtype=np.float64)
    targets = np.linspace(seen[0], seen[-1], keep)  # both ends are rows
    kept = {int(np.abs(seen - target).argmin()) for target in targets}
    kept |= {index for index, row in enumerate(rows) if row.get("probe_accuracy") is not None}
    states = [(row.get("collapsed_since"), row.get("collapse_signs")) for row in rows]
    changed = [index for index in range(1, len(rows)) if states[index] != states[index - 1]]
    kept |= {*changed, *(index - 1 for index in changed)}
    return [rows[index] for index in sorted(kept)]


def latest_run(runs: str | Path) -> Run:
    """Return the run with the newest checkpoint under the folder ``runs``: the one trained last.

    Raises
    ------
    UserError
        If there is no trained run.
    """
    found = [Run(path.parent) for path in Path(runs).glob("*/checkpoint.pt") if Run(path.parent).exists]
    if not found:
        raise UserError(
            f"there is no trained run under {Path(runs)}/; run `dcgan-probe train` first, or give `run`",
            parameter="run",
        )
    return max(found, key=lambda run: run.checkpoint_path.stat().st_mtime)


def named_run(name: str | Path | None, runs: str | Path, *, on_note: OnNote = no_note) -> Run:
    """Return the run of a folder, or of a name in the folder ``runs``; without a name, the run trained last.

    Parameters
    ----------
    on_note
        Called with a sentence that names the run trained last.

    Raises
    ------
    UserError
        If no name is given and there is no trained run. A named run is not checked.
    """
    if name is not None:
        found = [Run(name), Run(Path(runs) / name)]
        return next((run for run in found if run.exists), found[0])
    run = latest_run(runs)
    on_note(f"Using the run trained last: {run.folder}")
    return run
