"""Probe of the features during training, and the state with the best accuracy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..networks import Discriminator
from ..runtime import UserError
from .checkpoint import load_checkpoint, save_checkpoint
from .config import TrainConfig
from .run import UNTRAINED, Run
from .state import TrainState


@dataclass(frozen=True)
class Probe:
    """Cheap measure of the features during training, supplied by the caller."""

    measure: Callable[[Discriminator], float]
    """Returns the accuracy, 0 to 1, on validation images, and leaves the discriminator unchanged."""
    every: int
    """Real images shown to D between two probes; another probe follows the end of training or of its time limit."""
    description: dict[str, Any]
    """Description of the measure, JSON-serializable; only accuracies of equal descriptions are comparable."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UserError(f"got a probe every {self.every} images, expected at least 1", parameter="probe_every")


def check_probe(config: TrainConfig, probe: Probe | None) -> None:
    """Check that there is a probe if the best state is kept, and none if the networks need labels."""
    if config.network.classes and probe is not None:
        raise UserError(
            f"got a probe of networks that are conditional on {config.network.classes} classes, expected none: such a "
            "discriminator has no features of images alone; omit `probe_every`, or train with `classes=0`",
            parameter="probe_every",
        )
    if config.keep == "best" and probe is None:
        raise UserError(
            "got `keep=best` without a probe, which selects the best weights; give `probe_every`", parameter="keep"
        )


class Probing:
    """Probe of one run, and ``RUN/best.pt`` if the run keeps its best state.

    ``best.pt`` stores its own accuracy. After a session is killed, the next one therefore finds the best of all probed
    states, and resumes from the last checkpoint.
    """

    def __init__(self, run: Run, state: TrainState, probe: Probe | None):
        """Read the best accuracy so far.

        Raises
        ------
        UserError
            If the run keeps its best state without a probe, or another probe has chosen that state so far.
        """
        self._run, self._state, self._probe = run, state, probe
        self._keeps_best, self._best = state.config.keep == "best", -1.0
        check_probe(state.config, probe)
        if probe is None or not self._keeps_best:
            return
        if state.position == 0:
            run.best_path.unlink(missing_ok=True)  # left by a run that was never saved
        if run.best_path.exists():
            stored = load_checkpoint(run.best_path)["probe"]
            self._best = stored.pop("accuracy")
            if stored != probe.description:
                raise UserError(
                    f"{run.best_path} was chosen by the probe {stored}, got {probe.description}; their accuracies "
                    "cannot be compared: give the probe that the run was started with",
                    parameter="probe_dataset",
                )

    def described(self) -> dict[str, Any]:
        """Return a session's record of its probe; before the first step, with the accuracy of the untrained network.

        That accuracy is the control of all later ones.
        """
        if self._probe is None:
            return {}
        described = {"every": self._probe.every, **self._probe.description}
        if self._state.position == 0:
            described[UNTRAINED] = self._probe.measure(self._state.discriminator)
        return {"probe": described}

    def due(self, before: int, target: int, *, ends: bool = False) -> bool:
        """Return whether a probe follows the step from position ``before``.

        A probe follows each multiple of ``every`` and the end of training, at ``target`` or, with ``ends``, earlier.
        """
        if self._probe is None:
            return False
        position = self._state.position
        return ends or before // self._probe.every < position // self._probe.every or position >= target

    def measure(self) -> float:
        """Return the accuracy of the current features; save the state if the accuracy is the best so far."""
        assert self._probe is not None, "a probe is due only where there is one"
        accuracy = self._probe.measure(self._state.discriminator)
        if self._keeps_best and accuracy > self._best:
            found = {**self._probe.description, "accuracy": accuracy}
            save_checkpoint(self._run.best_path, {**self._state.state_dict(), "probe": found})
            self._best = accuracy
        return accuracy
