"""Supervised row of a table: a network trained on labeled images alone, its setting chosen by random search.

Each setting is trained on the protocol's selection draws and scored on its validation rows; the best is trained on the
reported draws, the same rows as every other row of the table has, and scored on the test split.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from ..baselines import SPACE_VERSION
from ..gan import preset_config
from ..images import ImageSet
from ..networks import NetworkConfig
from ..runtime import (
    OnNote,
    OnStep,
    UserError,
    Workspace,
    available_cores,
    no_note,
    no_step,
    require_main_guard,
    resolve_device,
    single_thread,
)
from ..storage import fingerprint_settings, locked, remove_stale_locks, require_writable
from .caveats import split_caveats
from .choice import Grid
from .draws import Layout, lay_out
from .predictions import TestPredictions
from .protocols import Protocol
from .recording import Recorder, shared_fields
from .records import Evaluation
from .results import Results
from .running import checked_protocol, load_pair, require_other_images
from .sealed import SealedImages
from .summary import Summary, summarise_evaluation
from .supervised_config import SupervisedConfig
from .supervised_estimate import SupervisedEstimate, estimate_supervised, require_supervised_memory
from .trials import Trial, TrialData, best_setting, train_trials, trial_records
from .unfinished import complete_note, find_complete, fits_under_way

SELECT_DRAWS, REPORT_DRAWS = 1, 10
FOLDER = "supervised"
"""Of the runs: a folder of trials for each search."""
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

    Each training is kept as it ends, and the same call resumes an interrupted search; a complete one is returned from
    the records. The numbers do not depend on the number of workers, each of which computes on one thread.

    Parameters
    ----------
    workspace
        Where runs, records and images lie; the folders ``runs``, ``results`` and ``data`` by default.
    on_progress
        Called with the progress of each step.
    on_note
        Called with a sentence where a search is resumed or is complete already.

    Raises
    ------
    UserError
        If images, labels or memory do not suffice, images do not fit the network, a worker was killed, another
        process is at the same search, or there are several workers and the calling script has no main guard.
    """
    planned = plan_supervised(config, workspace or Workspace())
    require_main_guard(planned.workers)
    require_supervised_memory(planned.protocol, planned.network, planned.workers)
    results = Results(planned.workspace.results)
    for sentence in results.prepare():  # before the work, so that a folder that cannot keep its records is found now
        on_note(sentence)
    require_writable(planned.workspace.runs / FOLDER)
    return planned.evaluate(results, on_progress, on_note)


def plan_supervised(config: SupervisedConfig, workspace: Workspace) -> "PlannedSupervised":
    """Load the images of a search and check them with protocol and network, before any training.

    Raises
    ------
    UserError
        If images are missing or of another size than the network's, or the labels do not suffice.
    """
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
class PlannedSupervised:
    """One search with its images, protocol and network, before any work."""

    config: SupervisedConfig
    workspace: Workspace
    protocol: Protocol
    train: ImageSet
    test: ImageSet
    preset: str
    """Name of the network."""
    network: NetworkConfig
    device: torch.device
    workers: int

    def __post_init__(self) -> None:
        """Raise ``UserError`` for images of another size than the network's, and a test split of the same images."""
        expected = (self.network.nc, self.network.image_size, self.network.image_size)
        for images in (self.train, self.test):
            shape = tuple(images.images.shape[1:])
            if shape != expected:
                raise UserError(
                    f"{images.name} ({images.split}) has images of {shape} (channels, height, width), but the "
                    f"{self.preset} network takes {expected}; use `dcgan-probe prepare --size {expected[1]}`, or a "
                    "preset of that size",
                    option="dataset",
                )
        require_other_images(self.train, self.test)

    def estimate(self) -> SupervisedEstimate:
        """Measure the time and the memory of all trainings."""
        settings, seed = self.config.settings, self.config.seed
        return estimate_supervised(self.protocol, self.network, settings, seed, self.workers, self.device)

    def key(self) -> str:
        """Hash everything that decides the numbers of a training beside its setting, stage and draw."""
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
        """Build the recorder, in which the number of a setting is chosen."""
        key, network, command = self.key(), self.network, self.config.to_command(self.workspace)
        with single_thread():  # as in each training, whatever else this process does
            shared = shared_fields(layout, command=command, device=self.device)
        evaluation = Evaluation(
            **shared,
            features="supervised",
            network=self.preset,
            layers=network.layer_names[-1],
            dimension=network.last_units,
            largest_layer=network.ndf * network.multipliers[-1],
            # A longer search is another experiment: both have read the test split.
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
        """Search, choose, report and record; without ``results`` nothing is recorded. See ``run_supervised``."""
        require_main_guard(self.workers)
        sealed = SealedImages(self.test, self.protocol.classes)
        layout = lay_out(self.protocol, self.train.require_labels("supervised training"), self.config.seed)
        recorder, title = self.recorder(layout), f"{self.protocol.name} supervised"
        found = find_complete(results, recorder.evaluation, None, None)
        if found is not None:
            on_note(complete_note(title, found))
            return found
        images = np.ascontiguousarray(self.train.images[:][layout.order])
        data = TrialData(layout, self.network, self.device, images, images, layout.labels)
        folder = self.workspace.runs / FOLDER / self.key()
        train = partial(train_trials, folder=folder, workers=self.workers, on_progress=on_progress, on_note=on_note)
        about = recorder.evaluation, 0, None  # each fit has its own number of images seen
        remove_stale_locks(folder.parent)
        with locked(folder, wait=False), fits_under_way(results, *about) as under_way:
            recorder = replace(recorder, evaluation=under_way.evaluation)
            settings, draws = range(self.config.settings), range(self.protocol.select_draws)
            trials = [Trial("select", draw, number) for draw in draws for number in settings]
            searched = train(trials, data, title=f"{title}, search")
            number, error = best_setting(searched)
            sealed.open(number)
            test = replace(data, scored=sealed.load(), right=sealed.labels)
            trials = [Trial("report", draw, number) for draw in range(self.protocol.draws)]
            reported = train(trials, test, title=f"{title}, test")
            predictions = np.stack([trial.predictions for trial in reported])
            tested = TestPredictions.of(recorder.evaluation.id, predictions, sealed.labels, number)
            rows = len(searched[0].predictions)
            note = CHOICE_NOTE.format(number=number, settings=len(settings), error=100 * error, rows=rows)
            records = trial_records(recorder, data, searched) + trial_records(recorder, test, reported, (note,))
            under_way.complete(records, tested)
        return summarise_evaluation(records, tested.correct)
