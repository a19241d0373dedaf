"""Random search and test of the supervised row of a table.

Each setting is trained on the selection draws of the protocol and scored on its validation rows. The best setting is
trained on the reported draws, which are the same for all rows of the table, and scored on the test split.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from ...gan import preset_config
from ...images import ImageSet
from ...images.split_caveats import split_caveats
from ...networks import NetworkConfig
from ...runtime import (
    OnNote,
    OnStep,
    UserError,
    Workspace,
    available_cores,
    available_memory,
    check_memory,
    memory_in_use,
    no_note,
    no_step,
    require_instance,
    require_main_guard,
    resolve_device,
    single_thread,
)
from ...storage import fingerprint_settings, locked, remove_stale_locks, require_writable
from ..config import SupervisedConfig
from ..draws import Layout, lay_out
from ..penalty_grid import Grid
from ..predictions import TestPredictions
from ..protocols import Protocol
from ..recording import Recorder, shared_fields
from ..records import Evaluation
from ..results import Results
from ..resumable import complete_note, find_complete, fits_under_way
from ..running import checked_protocol, load_pair
from ..sealed_test import SealedImages
from ..summary import Summary, summarize_evaluation
from .training import SPACE_VERSION, draw_setting, training_rate
from .trials import Trial, TrialData, train_trials

SELECT_DRAWS, REPORT_DRAWS = 1, 10
FOLDER = "supervised"
"""Folder in the runs folder with one folder of trials for each search."""
FORWARD_SHARE = 1 / 3
"""Cost of a prediction as a share of that of a training step: a forward pass without the backward pass."""
SIDE_BY_SIDE = 0.85
"""Rate of a worker among others as a share of its rate alone, measured with two workers on two cores."""
CHOICE_NOTE = (
    "setting {number} of {settings} drawn at random, the one with the least validation error: {error:.2f} % on "
    "{rows:,} rows"
)


def run_supervised(
    config: SupervisedConfig,
    workspace: Workspace | None = None,
    *,
    on_progress: OnStep = no_step,
    on_note: OnNote = no_note,
) -> Summary:
    """Search settings, train the best on the reported draws, and record every training.

    Each training is stored as it ends. The same call resumes an interrupted search, and a complete one is returned from
    the records. The numbers do not depend on the number of workers, each of which uses one thread.

    Parameters
    ----------
    workspace
        Folders of runs, records and images, by default ``runs``, ``results`` and ``data``.
    on_progress, on_note
        Called with the progress of each step, and with a sentence if a search is resumed or already complete.

    Raises
    ------
    UserError
        If images are missing, there are too few labels or too little memory, a worker is killed, another process runs
        the same search, or the calling script has no main guard with several workers.
    """
    require_instance(config, SupervisedConfig, "config")
    planned = plan_supervised(config, workspace or Workspace())
    require_main_guard(planned.workers)
    check_memory(
        f"{planned.protocol.name} supervised with {planned.workers:,} worker{'s' if planned.workers > 1 else ''}",
        planned.memory_bytes(),
        available_memory() + memory_in_use(),
        "use fewer workers, or another machine",
        parameter="workers",
    )
    results = Results(planned.workspace.results)
    for sentence in results.prepare():  # before the work, so that a folder that is not writable is an error now
        on_note(sentence)
    require_writable(planned.workspace.runs / FOLDER)
    return planned.evaluate(results, on_progress, on_note)


def plan_supervised(config: SupervisedConfig, workspace: Workspace) -> "PlannedSupervised":
    """Load the images of a search; raise ``UserError`` if images, protocol and network do not match."""
    device = resolve_device(workspace.device)
    train, test = load_pair(config.dataset, workspace)
    draws = config.draws or (1 if config.labels is None else REPORT_DRAWS)
    protocol = checked_protocol((train, test), config.labels, draws, SELECT_DRAWS, config.seed)
    preset = config.preset or ("svhn32" if device.type == "cuda" else "cpu32")
    network = replace(preset_config(preset, device=device).network, nc=train.channels)
    workers = config.workers or (1 if device.type == "cuda" else available_cores())
    busy = max(config.settings * protocol.select_draws, protocol.draws)  # trainings of the larger stage
    return PlannedSupervised(config, workspace, protocol, train, test, preset, network, device, min(workers, busy))


@dataclass(frozen=True)
class SupervisedEstimate:
    """Estimated cost of a search and of the reported draws on this machine, from the beginning."""

    trainings: int
    """Number of trainings."""
    images_seen: int
    """Images seen by all trainings, if the chosen setting has the mean length of all settings."""
    images_per_second: float
    """Training rate of one worker alone."""
    seconds: float
    """Time of all trainings and predictions."""
    memory_bytes: int
    """Resident memory of all processes."""


@dataclass(frozen=True)
class PlannedSupervised:
    """Search with its images, protocol and network, before any training."""

    config: SupervisedConfig
    workspace: Workspace
    protocol: Protocol
    train: ImageSet
    test: ImageSet
    preset: str
    network: NetworkConfig
    device: torch.device
    workers: int

    def __post_init__(self) -> None:
        """Raise ``UserError`` if the images do not have the size of the network."""
        shape = tuple(self.train.images.shape[1:])
        expected = (self.network.nc, self.network.image_size, self.network.image_size)
        if shape != expected:
            raise UserError(
                f"{self.train.name} (train) has images of {shape} (channels, height, width), but the {self.preset} "
                f"network expects {expected}; use `dcgan-probe prepare --size {expected[1]}`, or a preset of that size",
                parameter="dataset",
            )

    def estimate(self) -> SupervisedEstimate:
        """Estimate the time and the memory of all trainings, from a measured rate."""
        protocol, settings = self.protocol, self.config.settings
        rate = training_rate(self.network, protocol.classes, self.device)
        passes = sum(draw_setting(self.config.seed, number).passes for number in range(settings))
        passes = passes * protocol.select_draws + round(protocol.draws * passes / settings)
        trainings = settings * protocol.select_draws + protocol.draws
        seen = passes * (protocol.labels or protocol.train_rows)
        work = seen + FORWARD_SHARE * protocol.train_rows * trainings
        together = rate if self.workers == 1 else SIDE_BY_SIDE * self.workers * rate
        return SupervisedEstimate(trainings, seen, rate, work / together, self.memory_bytes())

    def memory_bytes(self) -> int:
        """Estimate the resident bytes of all processes."""
        images = self.protocol.train_rows * self.network.nc * self.network.image_size**2
        # A worker holds the present memory of this process and all images, which this process holds twice to send them.
        return (memory_in_use() + images) * (1 + (self.workers if self.workers > 1 else 0)) + images

    def key(self) -> str:
        """Return the hash of everything that decides the numbers of a training, except its setting, stage and draw."""
        return fingerprint_settings(
            {
                "images": [self.train.fingerprint, self.test.fingerprint],
                "protocol": self.protocol.name,
                "network": self.network.identity(),
                "seed": self.config.seed,
                "space": SPACE_VERSION,
                "device": self.device.type,
            }
        )

    def recorder(self, layout: Layout) -> Recorder:
        """Build the recorder; the chosen value is the number of a setting."""
        key, network, command = self.key(), self.network, self.config.to_command(self.workspace)
        with single_thread():  # since the record holds the number of threads of a training
            shared = shared_fields(layout, command=command, device=self.device)
        evaluation = Evaluation(
            **shared,
            features="supervised",
            network=self.preset,
            layers=network.layer_names[-1],
            dimension=network.last_units,
            largest_layer=network.ndf * network.multipliers[-1],
            # A longer search is another experiment, since both read the test split.
            options={"settings": self.config.settings},
            scale="none",
            classifier="softmax",
            chosen_name="setting",
            given=False,
            test_rows=len(self.test),
            trained_on="",
            trained_on_images=0,
            encoder_seed=self.config.seed,
            run="",
            weights="",
            features_key_train=key,
            features_key_test=key,
            images_fingerprint_train=self.train.fingerprint,
            images_fingerprint_test=self.test.fingerprint,
            **vars(split_caveats(layout.labels, self.test.require_labels("a test"), self.train, self.test)),
        )
        return Recorder(evaluation, Grid((), (), ()), images_seen=0)

    def evaluate(
        self, results: Results | None = None, on_progress: OnStep = no_step, on_note: OnNote = no_note
    ) -> Summary:
        """Search settings, report the test accuracy, and record every training; see ``run_supervised``.

        Without ``results``, nothing is recorded.
        """
        require_main_guard(self.workers)
        sealed = SealedImages(self.test, self.protocol.classes)
        layout = lay_out(self.protocol, self.train.require_labels("supervised training"), self.config.seed)
        recorder, title = self.recorder(layout), f"{self.protocol.name} supervised"
        found = find_complete(results, recorder.evaluation, None, None)
        if found is not None:
            on_note(complete_note(title, found))
            return found
        folder = self.workspace.runs / FOLDER / self.key()
        train = partial(train_trials, workers=self.workers, on_progress=on_progress, on_note=on_note)
        remove_stale_locks(folder.parent)
        # The number of images seen differs between fits, so the evaluation has none.
        with locked(folder, wait=False), fits_under_way(results, recorder.evaluation, 0, None) as under_way:
            recorder = replace(recorder, evaluation=under_way.evaluation)
            images = np.ascontiguousarray(self.train.images[:][layout.order])
            data = TrialData(layout, self.network, self.device, folder, images, images, layout.labels)
            settings, draws = range(self.config.settings), range(self.protocol.select_draws)
            trials = [Trial("select", draw, number) for draw in draws for number in settings]
            searched = train(trials, data, title=f"{title}, search")
            number, error = data.best_setting(searched)
            sealed.open(number)
            test = replace(data, scored=sealed.load(), right=sealed.labels)
            trials = [Trial("report", draw, number) for draw in range(self.protocol.draws)]
            reported = train(trials, test, title=f"{title}, test")
            rows = len(searched[0].predictions)
            note = CHOICE_NOTE.format(number=number, settings=len(settings), error=100 * error, rows=rows)
            records = data.records(recorder, searched) + test.records(recorder, reported, (note,))
            predictions = np.stack([trial.predictions for trial in reported])
            tested = TestPredictions.of(recorder.evaluation.id, predictions, sealed.labels, number)
            under_way.complete(records, tested)
        return summarize_evaluation(records, tested.correct)
