"""``dcgan-probe job``: a larger training as one command, and its evaluation, elsewhere, as another.

::

    OUT/config.json, weights-NN.part, batchnorm/     the run, for import-run
    OUT/stats.jsonl                                  its statistics, thinned
    OUT/curves.png, samples/                         all rows as curves; samples over time
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import torch

from ..features import import_run
from ..gan import Run, TrainConfig, thinned
from ..images import ImageSet, load_images
from ..networks import NetworkConfig
from ..presets import preset_config
from ..reproductions import JOBS, PARTS, Job, training_product_rate, training_size
from ..runtime import UserError, resolve_device
from ..storage import fingerprint_tensors, write_text
from .progress import duration
from .steps import Given, Step, run_steps
from .verbs.train import train_command

KEPT = ("curves.png", "samples")
FIELDS = {**TrainConfig.__dataclass_fields__, **NetworkConfig.__dataclass_fields__}


def job_verb(
    name: str | None,
    listed: bool,
    time_limit: float | None,
    evaluate: Path | None,
    out: Path | None,
    probe_dataset: str,
    no_probe: bool,
    runs: Path,
    results: Path,
    device: str,
    data_dir: Path,
    download: bool,
    quiet: bool,
) -> None:
    """Train one of the larger networks and leave small files, or evaluate such files."""
    if name is None or listed:
        click.echo("\n".join(job_list(data_dir, resolve_device(device))))
        return
    job = next(job for job in JOBS if job.name == name)
    given = Given(runs, results, data_dir, device, download, quiet)
    if evaluate is not None:
        run = left_run(job, evaluate, runs)
        report(run_steps(evaluation_steps(job, run, given), quiet=quiet))
        return
    if job.trained_by:
        raise UserError(
            f"{name} trains nothing: it evaluates what `dcgan-probe job {job.trained_by}` leaves; give --evaluate DIR",
            option="evaluate",
        )
    run, out = Run(runs / job.run_name), out or Path(name)
    probe = None if no_probe else probe_dataset
    failures = run_steps([training_step(job, run, time_limit, probe, given)], quiet=quiet)
    if not failures:
        export = Step("export-run", (str(out), "--run", str(run.folder), *given.arguments("export-run")))
        failures = run_steps([export], quiet=quiet)
    for kept in KEPT:
        copy(run.folder / kept, out / kept)
    copy_stats(run, out)
    report(failures)
    if not quiet:
        click.echo(f"{out}: weights, curves and samples; next: dcgan-probe job {name} --evaluate {out}", err=True)


def training_step(job: Job, run: Run, time_limit: float | None, probe_dataset: str | None, given: Given) -> Step:
    """Return the command that trains a job's network, with a probe now and then if its features are evaluated."""
    limit = () if time_limit is None else ("--time-limit", f"{time_limit:g}s")
    probe: tuple[str, ...] = ()
    if job.protocols and probe_dataset is not None:
        every = max(1, planned_config(job.training).images // PARTS)
        probe = ("--probe-every", str(every), "--probe-dataset", probe_dataset)
    arguments = (*job.training, *probe, "--run", str(run.folder), *limit, *given.arguments("train"))
    return Step("train", arguments, makes_run=job.run_name)


def evaluation_steps(job: Job, run: Run, given: Given) -> list[Step]:
    """Return the commands that evaluate a job's features, each as it can be typed alone."""
    features = [part for source in ("dcgan", *job.controls) for part in ("--features", source)]
    common = (*features, "--no-controls", "--run", str(run.folder), *given.arguments("eval-svm"))
    return [Step("eval-svm", (*protocol, *common)) for protocol in job.protocols]


def left_run(job: Job, folder: Path, runs: Path) -> Run:
    """Return the run that a job has left in a folder: imported into ``runs``, unless it is a run folder itself."""
    if not job.protocols:
        raise UserError(f"{job.name} has no protocols: its samples are in {folder / 'samples'}", option="evaluate")
    left, imported = Run(folder), Run(runs / job.run_name)
    if left.checkpoint_path.is_file():
        return left
    if not imported.exists:
        return import_run(folder, imported.folder)
    with tempfile.TemporaryDirectory() as temporary:
        given = import_run(folder, Path(temporary) / "run").load()
    if "imported" not in imported.load():
        raise UserError(
            f"{imported.folder} was trained here, and would be evaluated in the place of what is in {folder}; give "
            f"--evaluate {imported.folder}, or another --runs",
            option="evaluate",
        )
    if fingerprint_tensors(given["discriminator"]) != fingerprint_tensors(imported.load()["discriminator"]):
        raise UserError(
            f"{imported.folder} holds other weights than {folder}; move it away, or give another --runs",
            option="evaluate",
        )
    return imported


def planned_config(training: Sequence[str], device: torch.device | None = None) -> TrainConfig:
    """Return the config that arguments of ``train`` resolve to."""
    with train_command.make_context("train", [*training]) as context:
        given = {name: value for name, value in context.params.items() if name in FIELDS}
    return preset_config(given.pop("preset"), device=device, **given)


def job_list(data_dir: Path, device: torch.device) -> list[str]:
    """Return the lines of the list of jobs: what each needs on this device, and its question."""
    rate = training_product_rate(device)
    rows, questions = [("job", "training images", "time", "MB in", "MB out")], [""]
    for job in JOBS:
        questions.append(f"    {job.question}")
        if job.trained_by:
            rows.append((job.name, f"none: evaluates {job.trained_by}", "", "", ""))
            continue
        config = planned_config(job.training, device)
        size, images = training_size(config, rate, device), found_images(config.dataset, data_dir)
        given = "?" if images is None else f"{len(images) * images.images[:1].nbytes / 1e6:.0f}"
        sizes = (images_text(config.dataset, images), duration(size.seconds), given, f"{size.carried_bytes / 1e6:.0f}")
        rows.append((job.name, *sizes))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row, question in zip(rows, questions, strict=True):
        name, images_named, *numbers = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        numbers = [number.strip().rjust(width) for number, width in zip(numbers, widths[2:], strict=True)]
        lines += ["  ".join([name, images_named, *numbers]).rstrip(), *([question] if question else [])]
    return lines


def found_images(dataset: str, data_dir: Path) -> ImageSet | None:
    """Return the training images of a set if they are on this machine."""
    try:
        return load_images(dataset, "train", data_dir=data_dir, download=False)
    except UserError:
        return None


def images_text(dataset: str, images: ImageSet | None) -> str:
    """Name a set with its size, or say that it is missing."""
    return f"{dataset} (missing)" if images is None else f"{dataset} ({len(images):,})"


def report(failures: list[str]) -> None:
    """Raise what failed, if anything did."""
    if failures:
        raise click.ClickException("\n".join([f"{len(failures)} steps failed:", *failures]))


def copy_stats(run: Run, out: Path) -> None:
    """Write the run's statistics, thinned to some 200 rows, into the folder ``out``; nothing if there are none."""
    rows = thinned(run.stats())
    if rows:
        write_text(out / run.stats_path.name, "".join(json.dumps(row) + "\n" for row in rows))


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder if it exists."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
