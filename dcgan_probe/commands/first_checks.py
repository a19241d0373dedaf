"""Checks of options that need no library of numbers, made before such a library is imported."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..gan import Run, check_training_memory
from ..images import require_known
from ..presets import preset_config
from ..runtime import UserError, launched_rank, parse_device
from .feature_options import FREE_FEATURES, RUN_FEATURES, refuse_ignored
from .options import chosen_run

SETS = {
    **{"dataset": "dataset", "source": "source", "against": "against"},
    **{"learn_from": "learn-from", "probe_dataset": "probe-dataset"},
}
"""Parameters that name an image set, and their options."""
GPU_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""Device files of which Linux has one wherever torch finds a CUDA device."""


def check_sets(options: Mapping[str, Any]) -> None:
    """Refuse an image set that is unknown or missing.

    Raises
    ------
    UserError
        With the option that names the set.
    """
    for parameter, option in SETS.items():
        name = options.get(parameter)
        if name is not None:
            _check_set(name, options["data_dir"], option)


def _check_set(name: str, data_dir: Path, option: str) -> None:
    try:
        require_known(name, data_dir)
    except UserError as error:
        raise UserError(str(error), option=option) from error


def check_run(options: Mapping[str, Any]) -> Run:
    """Return the run that was named or trained last.

    Raises
    ------
    UserError
        If there is none, or its config cannot be read.
    """
    run = chosen_run(options["run_folder"], options["runs"], quiet=True)
    _ = run.config
    return run


def check_look(options: Mapping[str, Any]) -> None:
    """Check the options of a look into a run."""
    check_sets(options)
    check_run(options)


def check_features(options: Mapping[str, Any], controls: tuple[str, ...] = ()) -> None:
    """Check the options about features, and the run that they come from; ``controls`` join them where there is one."""
    features = options["features"]
    needed = options["run_folder"] is not None or set(features) & set(RUN_FEATURES)
    refuse_ignored((*features, *(source for source in controls if needed or source in FREE_FEATURES)))
    check_sets(options)
    if needed:
        check_run(options)


def check_training(options: Mapping[str, Any]) -> None:
    """Check the options of a training: its settings, image sets and device.

    Several ranks check together, so that one of them says it.
    """
    if launched_rank()[1] > 1:
        return
    given = {name: value for name, value in options.items() if name not in SETTLED_LATER}
    preset = given.pop("preset")
    if preset == "auto":
        preset = automatic_preset(options["device"])
    if preset is not None:
        config = preset_config(preset, **given, precision="float32")
        if options["device"] == "cpu" or gpu_ruled_out():
            check_training_memory(config)
    check_sets({**options, "probe_dataset": options["probe_dataset"] if options["probe_every"] else None})


SETTLED_LATER = (
    *("device", "precision", "folder", "runs", "data_dir", "download", "dry_run", "quiet", "time_limit"),
    *("probe_every", "probe_dataset", "probe_labels", "stop_on_collapse", "deterministic"),
)
"""Parameters of ``train`` that are no settings of a run."""


def automatic_preset(device: str) -> str | None:
    """Return the preset of ``auto`` on a device; None where torch alone finds out whether there is a GPU."""
    kind, _ = parse_device(device)
    if kind == "auto" and not gpu_ruled_out():
        return None
    return "imagenet32" if kind == "cuda" else "cpu32"


def gpu_ruled_out() -> bool:
    """Return whether this machine certainly has no CUDA device; torch alone finds one."""
    return sys.platform == "darwin" or (sys.platform == "linux" and not any(Path(name).exists() for name in GPU_FILES))


def check_records(results: Path) -> None:
    """Refuse a results folder without records."""
    records = results / "evaluations.csv"
    if not records.exists() and not (results / "records.csv").exists():  # of version 2, which are converted first
        raise UserError(f"there are no records {records}; run eval-svm first", option="results")
