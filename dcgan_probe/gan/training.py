"""Training loop of a DCGAN run, resumable bit for bit.

The clock is ``position``: real images seen by the discriminator. Every step is seeded from (seed, position), so that a
resumed run continues bit for bit on the same machine.
"""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from ..images import ImageSet, from_signed, image_grid, save_grid
from ..runtime import (
    ALONE,
    Ranks,
    UserError,
    convolution_kernels,
    describe_device,
    freed_memory_kept,
    gpu_memory_in_use,
    memory_in_use,
    untried_kernels,
)
from ..storage import locked
from .batches import Batch, Batches, open_batches
from .checkpoint import save_checkpoint
from .collapse import CollapseAlarm
from .config import TrainConfig
from .curves import save_curves
from .diagnostics import Diagnostics
from .fixed_noise import COLUMNS, SAMPLES, fixed_noise
from .probing import Probe, Probing
from .resume_checks import check_images, check_parts, stored_state
from .run import Run, TrainedOn
from .state import StepStatistics, TrainState, network_input
from .tensorboard import Events
from .training_memory import check_training_memory

TICK_SECONDS = 5.0
CHECKPOINT_SECONDS = 120.0
CURVES_SECONDS = 120.0
EIGHTHS = 8
NAMED_PASSES = (1, 5)

Outcome = Literal["finished", "already finished", "interrupted", "out of time", "collapsed"]
Tick = Callable[[dict[str, Any]], None]


def train(
    config: TrainConfig,
    images: ImageSet,
    folder: str | Path,
    *,
    device: torch.device,
    ranks: Ranks = ALONE,
    command: list[str] | None = None,
    on_tick: Tick = lambda row: None,
    on_resume: Callable[[int], None] = lambda position: None,
    should_stop: Callable[[], bool] = lambda: False,
    time_limit: float = math.inf,
    probe: Probe | None = None,
    stop_on_collapse: bool = False,
    deterministic: bool = False,
) -> Outcome:
    """Train, or continue, the run in ``folder`` until D has seen ``config.images`` real images.

    Parameters
    ----------
    images
        Training images; only conditional networks use their labels.
    ranks
        Processes that train together; each calls this function. Only the first reads and writes the run.
        With ``sync_norm`` and float32, their number changes the result by rounding alone; without it, each part of a
        batch is normalized by itself. The same number gives the same bits on CPUs.
    command
        Command line to record.
    on_tick, on_resume
        Called every few seconds with the row of ``stats.jsonl``, and on resuming with the images seen so far.
    should_stop
        Called after each step; if it returns True, the run is saved and ``"interrupted"`` is returned.
    time_limit
        Seconds from this call; after the first step that ends later, the run is probed and saved, and ``"out of time"``
        is returned.
    probe
        Measure of the features at intervals, which selects the best state of a run with ``keep`` best.
    stop_on_collapse
        Save the run and return ``"collapsed"`` at the first row that reports a collapse.
    deterministic
        Use GPU kernels that give the same bits each time, instead of the fastest. CPU kernels always do.

    Raises
    ------
    UserError
        If the folder holds a run with another config or other images, the images do not fit the network, or a loss is
        not finite or the images' file changes; the last good checkpoint is then kept.
    """
    deadline = time.monotonic() + time_limit
    ranks.from_first(partial(_check, config, images, ranks))
    check_training_memory(config, device, ranks.size)
    run, trained_on = Run(folder), ranks.from_first(partial(TrainedOn.of, images))
    with ExitStack() as held:
        ranks.from_first(lambda: held.enter_context(locked(run.checkpoint_path, wait=False)))
        held.enter_context(convolution_kernels(device, deterministic=deterministic))
        held.enter_context(freed_memory_kept())
        state = TrainState(config, device, ranks)
        batches = open_batches(config, images, device, ranks)
        stored = ranks.from_first(partial(stored_state, run, config, trained_on))
        if stored is not None:
            state.load_state_dict(stored)
            if state.position >= config.images:
                return "already finished"
            on_resume(state.position)
        probing = ranks.after_first(partial(Probing, run, state, probe))
        about = {"deterministic": deterministic or device.type == "cpu", "command": command or []}
        _begin_session(run, state, probing, trained_on, ranks, about)
        loop = TrainingLoop(run, state, batches, len(images), probing, ranks, stop_on_collapse=stop_on_collapse)
        with closing(loop):
            return loop.until(config.images, on_tick, should_stop, deadline)


def _check(config: TrainConfig, images: ImageSet, ranks: Ranks) -> None:
    check_images(config, images)
    check_parts(config, ranks)


def _begin_session(
    run: Run, state: TrainState, probing: Probing, trained_on: TrainedOn, ranks: Ranks, about: dict[str, Any]
) -> None:
    """Record the start of a session, and remove later rows of a killed session."""
    with untried_kernels():
        measured = ranks.from_first(probing.described)
    session = {"position": state.position, "device": describe_device(state.device), "ranks": ranks.size, **about}
    ranks.from_first(partial(run.begin_session, state.config, trained_on, {**session, **measured}))
    ranks.from_first(partial(run.forget_after, state.position))


class TrainingLoop:
    """Loop over one run: steps, ticks, grids and checkpoints.

    All ranks execute it alike; the first rank measures, writes and draws, while the others wait for it.
    """

    def __init__(
        self,
        run: Run,
        state: TrainState,
        stream: Batches,
        set_size: int,
        probing: Probing,
        ranks: Ranks = ALONE,
        *,
        stop_on_collapse: bool = False,
    ):
        self._run, self._state, self._stream, self._set_size, self._ranks = run, state, stream, set_size, ranks
        self._probing, self._stop_on_collapse = probing, stop_on_collapse
        images, labels = stream.batch(0)
        self._real = Batch(network_input(images[:SAMPLES]), None if labels is None else labels[:SAMPLES])
        self._diagnostics = Diagnostics(state, fixed_noise(state.config, state.device), self._real)
        self._events = Events(run.folder if ranks.first else None, state.position)
        self._rows, self._alarm = run.stats(), CollapseAlarm(state.config.batch_size)
        for row in self._rows:
            self._alarm.add(row)
        self._untrained = run.untrained_accuracy()
        self._totals: list[torch.Tensor] = []
        self._steps, self._tick_time, self._tick_position = 0, time.monotonic(), state.position

    def until(self, target: int, on_tick: Tick, should_stop: Callable[[], bool], deadline: float = math.inf) -> Outcome:
        """Train until ``target`` images are seen; save at the end, every two minutes, when stopped and out of time.

        ``deadline`` is a time of ``time.monotonic``.
        """
        state, saved, drawn = self._state, time.monotonic(), time.monotonic()
        if state.position == 0:
            self._ranks.from_first(lambda: self._save_grid("real", "real", self._real.images))
            self._ranks.from_first(self._save_sample_grid)
            self._ranks.from_first(self._save)
        while state.position < target:
            before = state.position
            self._add(state.step(*self._stream.batch(before)))
            finished, milestone = state.position >= target, self._passed_milestone(before, target)
            now, collapsed = time.monotonic(), False
            stop, late, due, tick = self._ranks.agree(
                should_stop(), now > deadline, now - saved > CHECKPOINT_SECONDS, now - self._tick_time > TICK_SECONDS
            )
            probe = self._probing.due(before, target, ends=late and not stop)  # no probe delays an interruption
            ticked = stop or late or finished or milestone or due or tick or probe
            if ticked:
                with untried_kernels():
                    row = self._tick(probe=probe)
                on_tick(row)
                collapsed = self._stop_on_collapse and row["collapsed_since"] is not None
            if milestone:
                self._ranks.from_first(self._save_sample_grid)
            ends = stop or late or finished or collapsed
            if ends or milestone or due:
                self._ranks.from_first(self._save)
                saved = time.monotonic()
            if self._ranks.first and (ends or time.monotonic() - drawn > CURVES_SECONDS):
                save_curves(self._run.curves_path, self._rows, untrained=self._untrained)
                drawn = time.monotonic()
            if ticked:  # the rate of images counts steps only
                self._tick_time = time.monotonic()
            if collapsed:
                return "collapsed"
            if (stop or late) and not finished:
                return "interrupted" if stop else "out of time"
        return "finished"

    def _save(self) -> None:
        self._stream.require_unchanged()
        save_checkpoint(self._run.checkpoint_path, self._state.state_dict())

    def _passed_milestone(self, before: int, target: int) -> bool:
        marks = [target * eighth / EIGHTHS for eighth in range(1, EIGHTHS + 1)]
        marks += [number * self._set_size for number in NAMED_PASSES]
        return any(before < mark <= self._state.position for mark in marks)

    def _add(self, statistics: StepStatistics) -> None:
        values = torch.stack([statistics.d_loss, statistics.g_loss, statistics.d_real, statistics.d_fake])
        self._totals = [self._totals[0] + values] if self._totals else [values]
        self._steps += 1

    def _tick(self, *, probe: bool) -> dict[str, Any]:
        """Average the steps since the last tick over steps and ranks, and add a row to the statistics."""
        means = self._totals[0] / self._steps
        self._ranks.average([means])
        row = self._ranks.from_first(lambda: self._add_row(means, probe=probe))
        self._totals, self._steps = [], 0
        self._tick_position = self._state.position
        return row

    def _add_row(self, means: torch.Tensor, *, probe: bool) -> dict[str, Any]:
        """Check that losses and weights are finite, take the measurements, and write the row."""
        d_loss, g_loss, d_real, d_fake = means.tolist()
        position, now, on_gpu = self._state.position, time.monotonic(), gpu_memory_in_use(self._state.device)
        if not (math.isfinite(d_loss) and math.isfinite(g_loss) and self._state.is_finite()):
            raise UserError(
                f"a loss or a weight is not finite between {self._tick_position:,} and {position:,} images "
                f"(D {d_loss}, G {g_loss}). The last good checkpoint is kept in {self._run.checkpoint_path}. "
                "A lower `lr`, or `precision=float32`, usually helps; give another `run`."
            )
        row = {
            "images_seen": position,
            "passes": round(position / self._set_size, 4),
            "d_loss": round(d_loss, 6),
            "g_loss": round(g_loss, 6),
            "d_real": round(d_real, 6),
            "d_fake": round(d_fake, 6),
            "images_per_second": round((position - self._tick_position) / max(now - self._tick_time, 1e-9), 1),
            "memory_mb": memory_in_use() >> 20,
            "gpu_memory_mb": None if on_gpu is None else on_gpu >> 20,
            **{name: value and round(value, 6) for name, value in self._diagnostics.measure().items()},
            "probe_accuracy": self._probing.measure() if probe else None,
        }
        collapse = self._alarm.add(row)
        row |= {
            "collapsed_since": collapse and collapse.since,
            "collapse_signs": list(collapse.signs if collapse else ()),
        }
        self._rows.append(row)
        self._run.append_stats(row)
        self._events.add_row(row)
        return row

    def _save_sample_grid(self) -> None:
        """Draw the samples of the fixed noise, normalized by their own batch, as in training."""
        with untried_kernels():
            samples = self._diagnostics.samples(self._state.sampler)
        self._save_grid(f"fixed-noise-{self._state.position:010d}", "samples", samples)

    def _save_grid(self, name: str, graph: str, signed: torch.Tensor) -> None:
        pixels = from_signed(signed).cpu().numpy()
        save_grid(self._run.samples / f"{name}.png", pixels, columns=COLUMNS)
        self._events.add_grid(graph, image_grid(pixels, COLUMNS), self._state.position)

    def close(self) -> None:
        """Close the files of the loop."""
        self._events.close()
