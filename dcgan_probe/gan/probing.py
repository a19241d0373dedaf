"""Takes a probe that is handed to training, gives its accuracies and keeps the best state; knows no features."""

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
    """A cheap measure of the features during training, handed to it by who knows features and labels."""

    measure: Callable[[Discriminator], float]
    """Gives the accuracy, 0 to 1, on validation images; leaves the discriminator as it was."""
    every: int
    """Real images shown to D from one probe to the next; one more follows the end of training, or of its time."""
    description: dict[str, Any]
    """What is measured, JSON-able; accuracies of one description can be compared."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UserError(f"got a probe every {self.every} images, expected at least 1", option="probe_every")


def check_probe(config: TrainConfig, probe: Probe | None) -> None:
    """Refuse to keep the best state without a probe, and a probe of networks that need labels."""
    if config.network.classes and probe is not None:
        raise UserError(
            f"got a probe of networks that are conditional on {config.network.classes} classes, expected none: such a "
            "discriminator has no features of images alone; leave `probe_every` out, or train with `classes=0`",
            option="probe_every",
        )
    if config.keep == "best" and probe is None:
        raise UserError("the best weights are kept by a probe, and there is none; give `probe_every`", option="keep")


class Probing:
    """The probe of one run, and ``RUN/best.pt`` where the run keeps its best state.

    Whether a state is better is told by ``best.pt`` itself, which holds its accuracy: whenever a session is killed, the
    next one finds the best of all states that were probed, and the last checkpoint to go on from.
    """

    def __init__(self, run: Run, state: TrainState, probe: Probe | None):
        """Find the best accuracy so far.

        Raises
        ------
        UserError
            If the run keeps its best state without a probe, or chose it so far by another one.
        """
        self._run, self._state, self._probe = run, state, probe
        self._keeps_best, self._best = state.config.keep == "best", -1.0
        check_probe(state.config, probe)
        if probe is None or not self._keeps_best:
            return
        if state.position == 0:
            run.best_path.unlink(missing_ok=True)  # of a run that was never saved
        if run.best_path.exists():
            stored = load_checkpoint(run.best_path)["probe"]
            self._best = stored.pop("accuracy")
            if stored != probe.description:
                raise UserError(
                    f"{run.best_path} was chosen by the probe {stored}, got {probe.description}; their accuracies "
                    "cannot be compared: give the probe that the run was started with",
                    option="probe_dataset",
                )

    def described(self) -> dict[str, Any]:
        """Return what a session records of its probe, which before the first step has the untrained network's accuracy.

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

        One follows each multiple of ``every``, the end of training at ``target``, and a training that ``ends`` earlier.
        """
        if self._probe is None:
            return False
        position = self._state.position
        return ends or before // self._probe.every < position // self._probe.every or position >= target

    def measure(self) -> float:
        """Give the accuracy of the features as they are; keep the state if none before was better."""
        assert self._probe is not None, "a probe is due only where there is one"
        accuracy = self._probe.measure(self._state.discriminator)
        if self._keeps_best and accuracy > self._best:
            found = {**self._probe.description, "accuracy": accuracy}
            save_checkpoint(self._run.best_path, {**self._state.state_dict(), "probe": found})
            self._best = accuracy
        return accuracy
