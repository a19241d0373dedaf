"""Checks of options before numeric libraries are imported."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..features import FeatureConfig, check_layers
from ..gan import Run, check_training_memory
from ..images import require_known
from ..presets import TrainingPlan
from ..reproduce import TablePlan, read_plan
from ..runtime import UserError, Workspace, launched_rank, located, parse_device
from .options import chosen_run

SETS = ("dataset", "source", "against")
"""Parameters that name an image set."""
GPU_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""Device files; Linux has at least one of them if torch can use a CUDA device."""


def check_first(options: Mapping[str, Any]) -> None:
    """Check the form of the device's name, and that image sets are known and present.

    Raises
    ------
    UserError
        If one is not; the error names the parameter.
    """
    if "device" in options:
        parse_device(options["device"])
    names = (*SETS, "probe_dataset") if options.get("probe_every") else SETS
    for parameter in names:
        if options.get(parameter) is not None and "data_dir" in options:
            _check_set(options[parameter], options["data_dir"], parameter)


def _check_set(name: str, data_dir: Path, parameter: str) -> None:
    try:
        require_known(name, data_dir)
    except UserError as error:
        raise UserError(str(error), parameter=parameter) from error


def check_run(folder: Path | None, runs: Path) -> Run:
    """Return the run in a folder, or the run trained last if ``folder`` is None.

    Raises
    ------
    UserError
        If there is no such run, or its config cannot be read.
    """
    run = chosen_run(folder, runs, quiet=True)
    _ = run.config
    return run


def check_runs(configs: Iterable[FeatureConfig], workspace: Workspace) -> None:
    """Check the images that features are learned from, and the run that they come from."""
    for config in configs:
        learn_from = getattr(config.options, "learn_from", None)
        if learn_from is not None:
            _check_set(learn_from, workspace.data_dir, "learn_from")
        if config.source.needs_run:
            run = check_run(config.run, workspace.runs)
            check_layers(config.options, run.config.network.layer_names)


def check_table(source: str, scale: str | None, seeds: int | None, data_dir: Path) -> None:
    """Check the plan of a table, and that its images are present."""
    plan = read_plan(source, scale, seeds)
    if isinstance(plan, TablePlan):
        with located(f"{plan.name}.toml: dataset"):
            require_known(plan.dataset, data_dir)
        for row in plan.rows:
            learn_from = getattr(getattr(row.config, "options", None), "learn_from", None)
            if learn_from is not None:
                with located(f"{plan.name}.toml: {row.place}: learn_from"):
                    require_known(learn_from, data_dir)


def check_training(plan: TrainingPlan, workspace: Workspace) -> None:
    """Check the settings of a training as far as possible without torch; several ranks check them together later."""
    if launched_rank()[1] > 1:
        return
    preset = automatic_preset(workspace.device) if plan.preset == "auto" else plan.preset
    if preset is not None:
        config = replace(plan, preset=preset, precision="float32").config()
        if workspace.device == "cpu" or gpu_ruled_out():
            check_training_memory(config)


def automatic_preset(device: str) -> str | None:
    """Return the preset that ``auto`` selects on a device; None if only torch can detect the GPU."""
    kind, _ = parse_device(device)
    if kind == "auto" and not gpu_ruled_out():
        return None
    return "imagenet32" if kind == "cuda" else "cpu32"


def gpu_ruled_out() -> bool:
    """Return whether this machine certainly has no CUDA device; False if only torch can detect one."""
    return sys.platform == "darwin" or (sys.platform == "linux" and not any(Path(name).exists() for name in GPU_FILES))


def check_records(results: Path) -> None:
    """Check that a results folder holds records."""
    records = results / "evaluations.csv"
    if not records.exists() and not (results / "records.csv").exists():  # of version 2, which are converted first
        raise UserError(f"{records} is missing; run eval-svm first", parameter="results")
