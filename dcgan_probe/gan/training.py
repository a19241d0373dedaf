"""Takes a config, images and a run folder, gives a trained run; knows no command line and no probe.

The clock is ``position``: real images seen by the discriminator. Every step is seeded from (seed, position), so that a
resumed run continues bit for bit on the same machine.
"""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import torch

from ..images import ImageSet, from_signed, image_grid, save_grid
from ..networks import draw_z
from ..runtime import ALONE, Ranks, UserError, describe_device, memory_in_use, torch_generator
from ..storage import locked
from .batches import Batches, open_batches
from .checkpoint import save_checkpoint
from .config import TrainConfig
from .run import Run, TrainedOn
from .state import StepStatistics, TrainState
from .tensorboard import Events

TICK_SECONDS = 5.0
CHECKPOINT_SECONDS = 120.0
GRID_SAMPLES, GRID_COLUMNS = 64, 8
EIGHTHS = 8
NAMED_PASSES = (1, 5)

Outcome = Literal["finished", "already finished", "interrupted"]
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
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Train, or continue, the run in ``folder`` until D has seen ``config.images`` real images.

    Parameters
    ----------
    images
        The training images; labels are not used.
    ranks
        The processes that train together, of which each calls this function. Only the first reads and writes the run.
        With ``sync_norm`` and float32, their number changes the result by rounding alone; without it, each part of a
        batch is normalised by itself, as if the batch were smaller. The same number gives the same bits on CPUs.
    command
        The command line, for the record.
    on_tick
        Called every few seconds with the row that goes into ``stats.jsonl``.
    should_stop
        Asked after each step; when true the run is saved and ``"interrupted"`` is returned.

    Raises
    ------
    UserError
        If the folder holds a run with another config or other images, the images do not fit the network, or a loss
        is not finite (the last good checkpoint is kept).
    """
    ranks.from_first(lambda: check_images(config, images))
    ranks.from_first(lambda: check_parts(config, ranks))
    run = Run(folder)
    trained_on = ranks.from_first(lambda: TrainedOn.of(images))
    with ExitStack() as held:
        ranks.from_first(lambda: held.enter_context(locked(run.checkpoint_path, wait=False)))
        state = TrainState(config, device, ranks)
        batches = open_batches(config, images, device, ranks)
        stored = ranks.from_first(lambda: stored_state(run, config, trained_on))
        if stored is not None:
            state.load_state_dict(stored)
            if state.position >= config.images:
                return "already finished"
        session = {
            "position": state.position,
            "device": describe_device(device),
            "ranks": ranks.size,
            "command": command or [],
        }
        ranks.from_first(lambda: run.begin_session(config, trained_on, session))
        ranks.from_first(lambda: run.forget_after(state.position))
        loop = TrainingLoop(run, state, batches, len(images), ranks)
        try:
            return loop.until(config.images, on_tick, should_stop)
        finally:
            loop.close()


def stored_state(run: Run, config: TrainConfig, trained_on: TrainedOn) -> dict[str, Any] | None:
    """Read the checkpoint that training goes on from; None for a run that was never saved: it has nothing to protect.

    Raises
    ------
    UserError
        If it is not of this run, or cannot be gone on from.
    """
    if not run.checkpoint_path.exists():
        return None
    stored = run.load()
    if stored["optimizers"] is None:
        raise UserError(
            f"{run.folder} holds imported weights, without the optimisers' state that training goes on from; "
            "give another --run to train",
            option="run",
        )
    check_same_run(run, config, trained_on)
    return stored


def check_images(config: TrainConfig, images: ImageSet) -> None:
    """Refuse images that the networks cannot take."""
    network = config.network
    expected = (network.nc, network.image_size, network.image_size)
    if tuple(images.images.shape[1:]) != expected:
        channels, height, width = images.images.shape[1:]
        raise UserError(
            f"{images.name} has images of {channels} x {height} x {width} (channels, height, width), but the "
            f"{config.preset} networks take {' x '.join(map(str, expected))}; use `dcgan-probe prepare --size "
            f"{network.image_size}`, --nc {channels}, or a preset of that size",
            option="dataset",
        )


def check_parts(config: TrainConfig, ranks: Ranks) -> None:
    """Refuse a number of ranks that does not divide a batch, or whose parts are too small to normalise."""
    part = ranks.part(config.batch_size)
    if part.stop - part.start < 2 and not config.sync_norm:
        raise UserError(
            f"got a batch of {config.batch_size} for {ranks.size} ranks, expected at least 2 images a rank: batch norm "
            "needs a batch; take fewer ranks, a larger batch, or --sync-norm",
            option="batch-size",
        )


def check_same_run(run: Run, config: TrainConfig, trained_on: TrainedOn) -> None:
    """Refuse to continue a run under another config, on other images, or to a shorter length."""
    stored = run.config
    different = stored.differences(config)
    if run.trained_on.fingerprint != trained_on.fingerprint:
        different.append(f"training images: {run.trained_on.fingerprint} -> {trained_on.fingerprint}")
    if config.images < stored.images:
        different.append(f"images: {stored.images} -> {config.images} (it can be made longer, not shorter)")
    if different:
        raise UserError(
            f"{run.folder} holds a run with other settings:\n  "
            + "\n  ".join(different)
            + "\nGive the settings it was started with to continue it, or another --run for a new one.",
            option="run",
        )


class TrainingLoop:
    """The loop over one run: steps, ticks, grids and checkpoints.

    All ranks go through it alike; what writes is done by the first, while the others wait for it.
    """

    def __init__(self, run: Run, state: TrainState, stream: Batches, set_size: int, ranks: Ranks = ALONE):
        self._run, self._state, self._stream, self._set_size, self._ranks = run, state, stream, set_size, ranks
        random = torch_generator(state.config.seed, "fixed noise", device=state.device)
        self._fixed_z = draw_z(state.config.network, GRID_SAMPLES, random)
        self._events = Events(run.folder if ranks.first else None)
        self._totals: list[torch.Tensor] = []
        self._steps, self._tick_time, self._tick_position = 0, time.monotonic(), state.position

    def until(self, target: int, on_tick: Tick, should_stop: Callable[[], bool]) -> Outcome:
        """Train until ``target`` images were seen; save at the end, every two minutes and when stopped."""
        state, saved = self._state, time.monotonic()
        if state.position == 0:
            self._ranks.from_first(self._save_real_grid)
            self._ranks.from_first(self._save_sample_grid)
            self._ranks.from_first(self._save)
        while state.position < target:
            before = state.position
            self._add(state.step(self._stream.batch(before)))
            finished, milestone = state.position >= target, self._passed_milestone(before, target)
            now = time.monotonic()
            stop, due, tick = self._ranks.agree(
                should_stop(), now - saved > CHECKPOINT_SECONDS, now - self._tick_time > TICK_SECONDS
            )
            if stop or finished or milestone or due or tick:
                on_tick(self._tick())
            if milestone:
                self._ranks.from_first(self._save_sample_grid)
            if stop or finished or milestone or due:
                self._ranks.from_first(self._save)
                saved = time.monotonic()
            if stop and not finished:
                return "interrupted"
        return "finished"

    def _save(self) -> None:
        save_checkpoint(self._run.checkpoint_path, self._state.state_dict())

    def _passed_milestone(self, before: int, target: int) -> bool:
        marks = [target * eighth / EIGHTHS for eighth in range(1, EIGHTHS + 1)]
        marks += [number * self._set_size for number in NAMED_PASSES]
        return any(before < mark <= self._state.position for mark in marks)

    def _add(self, statistics: StepStatistics) -> None:
        values = torch.stack([statistics.d_loss, statistics.g_loss, statistics.d_real, statistics.d_fake])
        self._totals = [self._totals[0] + values] if self._totals else [values]
        self._steps += 1

    def _tick(self) -> dict[str, Any]:
        """Average the steps since the last tick over steps and ranks, and add a row to the statistics."""
        means = self._totals[0] / self._steps
        self._ranks.average([means])
        row = self._ranks.from_first(lambda: self._add_row(means))
        self._totals, self._steps = [], 0
        self._tick_time, self._tick_position = time.monotonic(), self._state.position
        return row

    def _add_row(self, means: torch.Tensor) -> dict[str, Any]:
        """Check that losses and weights are finite, and write the row."""
        d_loss, g_loss, d_real, d_fake = means.tolist()
        position, now = self._state.position, time.monotonic()
        if not (math.isfinite(d_loss) and math.isfinite(g_loss) and self._state.is_finite()):
            raise UserError(
                f"a loss or a weight is not finite between {self._tick_position:,} and {position:,} images "
                f"(D {d_loss}, G {g_loss}). The last good checkpoint is kept in {self._run.checkpoint_path}. "
                "A lower --lr, or --precision float32, usually helps; give it another --run."
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
        }
        self._run.append_stats(row)
        self._events.add_row(row)
        return row

    def _save_real_grid(self) -> None:
        images = self._stream.batch(0)[:GRID_SAMPLES]
        save_grid(self._run.samples / "real.png", from_signed(images).cpu().numpy(), columns=GRID_COLUMNS)

    def _save_sample_grid(self) -> None:
        """Draw the fixed noise through the generator with this batch's own statistics, as in training.

        The running statistics are put back, so that a grid changes nothing in the run.
        """
        generator = self._state.generator
        buffers = {name: buffer.clone() for name, buffer in generator.named_buffers()}
        with torch.no_grad():
            images = from_signed(generator.train()(self._fixed_z))
            for name, buffer in generator.named_buffers():
                buffer.copy_(buffers[name])
        name = f"fixed-noise-{self._state.position:010d}.png"
        pixels = images.cpu().numpy()
        save_grid(self._run.samples / name, pixels, columns=GRID_COLUMNS)
        self._events.add_grid("samples", image_grid(pixels, GRID_COLUMNS), self._state.position)

    def close(self) -> None:
        """Close what the loop holds open."""
        self._events.close()
