"""Larger trainings and their evaluations, most informative first, read from their plan.

A job has two parts, which can run on different machines. The first part trains one seed, within a time limit if there
is one, with a cheap probe, and exports small files::

    OUT/config.json, weights-NN.part, batchnorm/     exported run, for import run
    OUT/stats.jsonl                                  statistics, thinned
    OUT/curves.png, samples/                         curves of all statistics; samples over time

The second part evaluates the features of the exported run by the job's protocols.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..evaluation import EvalConfig
from ..features import export_run, import_run
from ..gan import Run, thinned
from ..images import load_images
from ..presets import TrainingPlan
from ..runtime import Step, UserError, Workspace, check_keys, duration, located, resolve_device
from ..storage import PLANS, fingerprint_tensors, read_toml, write_text
from .costs import training_rate, training_size
from .steps import TableStep, Watch, evaluation_step, train_step

PARTS = 20
"""Default number of probes of a complete training; a time limit leaves fewer."""
KEPT = ("curves.png", "samples")
KEYS = ("name", "question", "train", "trained_by", "controls", "protocols")


@dataclass(frozen=True)
class Job:
    """Training, and the protocols that evaluate its features."""

    name: str
    question: str
    train: TrainingPlan | None
    """None if the job evaluates the run of the job ``trained_by``."""
    protocols: tuple[EvalConfig, ...]
    """Evaluations of the features, one per table; if empty, training has no probe either."""
    controls: tuple[str, ...] = ()
    """Sources of features to evaluate for comparison."""
    trained_by: str = ""
    """Name of the job that trains the run; empty if this job does."""

    @property
    def run_name(self) -> str:
        """Name of the run folder."""
        return self.trained_by or self.name

    def evaluations(self, run: Run) -> list[EvalConfig]:
        """Return the evaluations of a run's features and of the controls, ordered by protocol."""
        return [
            EvalConfig.from_mapping({**protocol.to_mapping(), "features": source, "run": str(run.folder)})
            for protocol in self.protocols
            for source in ("dcgan", *self.controls)
        ]


def read_jobs(path: Path = PLANS / "jobs.toml") -> tuple[Job, ...]:
    """Return the jobs of a plan, by default those of the package, most informative first."""
    jobs = []
    for values in read_toml(path)["jobs"]:
        with located(f"{path.name}, {values.get('name')}"):
            jobs.append(_job(values))
    return tuple(jobs)


def _job(values: Mapping[str, Any]) -> Job:
    check_keys(values, KEYS, ("name", "question"))
    train = values.get("train")
    return Job(
        values["name"],
        values["question"],
        None if train is None else TrainingPlan.from_mapping(train),
        tuple(EvalConfig.from_mapping(each) for each in values.get("protocols", ())),
        tuple(values.get("controls", ())),
        values.get("trained_by", ""),
    )


def job_training(job: Job, time_limit: float | None = None, probe_dataset: str | None = "cifar10") -> TrainingPlan:
    """Return the training of a job, with regular probes if its features are evaluated.

    Parameters
    ----------
    time_limit
        Time limit of the training in seconds; None for no limit.
    probe_dataset
        Labeled image set of the probe; None for no probe.

    Raises
    ------
    UserError
        If the job has no training.
    """
    if job.train is None:
        raise UserError(
            f"{job.name} has no training: it evaluates the run of `dcgan-probe job {job.trained_by}`; name its folder",
            parameter="evaluate",
        )
    plan = replace(job.train, time_limit=time_limit)
    if not job.protocols or probe_dataset is None:
        return plan
    return replace(plan, probe_every=max(1, plan.config().images // PARTS), probe_dataset=probe_dataset)


def training_steps(job: Job, plan: TrainingPlan, out: Path, workspace: Workspace) -> list[TableStep]:
    """Return the steps of a job's first part: the training, and the export of its run."""
    run = Run(workspace.runs / job.run_name)
    command = f"dcgan-probe export run {out} --run {run.folder}"
    return [
        TableStep(
            plan.to_command(workspace, run.folder),
            partial(train_step, plan, workspace, run.folder),
            verb="train",
            makes_run=job.run_name,
        ),
        TableStep(command, partial(_export, run, out, workspace), verb="export run", needs_run=job.run_name),
    ]


def _export(run: Run, out: Path, workspace: Workspace, watch: Watch) -> None:
    """Export the run as small files, with its batch-norm statistics."""
    config = run.config
    load = partial(load_images, config.dataset, "train", data_dir=workspace.data_dir, download=workspace.download)
    total = 2 * run.trained_on.images  # one pass per network

    def advance(done: int) -> None:
        watch.on_step(Step("batch-norm statistics", done, total, "images"))

    export_run(run, out, training_images=load, device=resolve_device(workspace.device), on_progress=advance)


def keep_samples(run: Run, out: Path) -> None:
    """Copy the curves, samples and thinned statistics (about 200 rows) of a run to the folder ``out``."""
    for name in KEPT:
        source, target = run.folder / name, out / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    rows = thinned(run.stats())
    if rows:
        write_text(out / run.stats_path.name, "".join(json.dumps(row) + "\n" for row in rows))


def evaluation_steps(job: Job, run: Run, workspace: Workspace) -> list[TableStep]:
    """Return the steps of a job's second part, one per evaluation."""
    return [
        TableStep(config.to_command(workspace), partial(evaluation_step, config, workspace), verb=config.verb)
        for config in job.evaluations(run)
    ]


def left_run(job: Job, folder: Path, runs: Path) -> Run:
    """Return the run that a job exported to ``folder``, imported into ``runs`` unless ``folder`` is a run folder.

    Raises
    ------
    UserError
        If the job has no protocols, ``folder`` holds no run, or ``runs`` has a different run of the same name.
    """
    if not job.protocols:
        raise UserError(f"{job.name} has no protocols: its samples are in {folder / 'samples'}", parameter="evaluate")
    left, imported = Run(folder), Run(runs / job.run_name)
    if left.checkpoint_path.is_file():
        return left
    if not imported.exists:
        return import_run(folder, imported.folder)
    with tempfile.TemporaryDirectory() as temporary:
        given = import_run(folder, Path(temporary) / "run").load()
    if "imported" not in imported.load():
        raise UserError(
            f"{imported.folder} holds a run trained here, not an import of {folder}; evaluate {imported.folder}, or "
            "use another folder of runs",
            parameter="evaluate",
        )
    if fingerprint_tensors(given["discriminator"]) != fingerprint_tensors(imported.load()["discriminator"]):
        raise UserError(
            f"{imported.folder} and {folder} hold different weights; move {imported.folder}, or use another folder of "
            "runs",
            parameter="evaluate",
        )
    return imported


def job_lines(jobs: Sequence[Job], workspace: Workspace) -> list[str]:
    """Return the lines of the list of jobs: the cost of each on the workspace's device, and its question."""
    device = resolve_device(workspace.device)
    rate = training_rate(device)
    rows, questions = [("job", "training images", "time", "MB in", "MB out")], [""]
    for job in jobs:
        questions.append(f"    {job.question}")
        rows.append(_job_row(job, rate, device, workspace))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row, question in zip(rows, questions, strict=True):
        name, images_named, *numbers = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        numbers = [number.strip().rjust(width) for number, width in zip(numbers, widths[2:], strict=True)]
        lines += ["  ".join([name, images_named, *numbers]).rstrip(), *([question] if question else [])]
    return lines


def _job_row(job: Job, rate: float, device: torch.device, workspace: Workspace) -> tuple[str, str, str, str, str]:
    """Return the name, images, time and sizes of a job as text."""
    if job.train is None:
        return job.name, f"none: evaluates {job.trained_by}", "", "", ""
    config = job.train.config(device)
    size = training_size(config, rate)
    try:
        images = load_images(config.dataset, "train", data_dir=workspace.data_dir, download=False)
        named = f"{config.dataset} ({len(images):,})"
        given = f"{len(images) * images.images[:1].nbytes / 1e6:.0f}"
    except UserError:
        named, given = f"{config.dataset} (missing)", "?"
    return job.name, named, duration(size.seconds), given, f"{size.carried_bytes / 1e6:.0f}"
