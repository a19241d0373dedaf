"""Plan of a training: a preset, its changes, and settings of monitoring and execution."""

import math
import shlex
from dataclasses import dataclass, fields, make_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_type_hints

from ..gan import PRESETS, TrainConfig, preset_config, preset_named
from ..networks import NetworkConfig
from ..runtime import Config, UserError, Workspace, option

if TYPE_CHECKING:
    import torch


def _changeable() -> list[tuple[str, Any, Any]]:
    """Return name, type and field, None by default, of each field of both configs that has a help text."""
    return [
        (
            each.name,
            get_type_hints(config)[each.name] | None,
            option(None, **{"usual": "the preset's", **each.metadata}),
        )
        for config in (NetworkConfig, TrainConfig)
        for each in fields(config)
        if each.metadata.get("help")
    ]


Changes: Any = make_dataclass("Changes", _changeable(), bases=(Config,), frozen=True)
"""Fields of ``NetworkConfig`` and ``TrainConfig`` that a preset decides; None, the default, for the preset's value."""


@dataclass(frozen=True)
class TrainingPlan(Changes):
    """Plan of a training: a preset, its changes, and settings of monitoring and execution.

    Each field of ``NetworkConfig`` and ``TrainConfig`` that a preset decides, such as ``ndf``, ``strides``, ``lr`` or
    ``keep``, is a field of the plan too. None, the default, keeps the preset's value; for ``nc`` and, in a conditional
    network, ``classes``, it means the value of the images.
    """

    verb: ClassVar[str] = "train"
    first: ClassVar[tuple[str, ...]] = ("preset", "dataset", "images")
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download", "device")

    preset: str = option("auto", "Preset of network and training settings.", metavar=f"auto|{'|'.join(PRESETS)}")
    dataset: str = option("cifar10", "Training images: a name, a folder or an .h5 file.")
    images: int | None = option(
        None, "Real images shown to D, such as 64000, 64k or 2M.", min=1, kind="count", usual="the preset's"
    )
    precision: Literal["auto", "float32", "bfloat16"] = option("auto", "auto: bfloat16 on CUDA, else float32.")
    probe_every: int | None = option(
        None, "Interval, in images, at which a linear probe measures the features.", min=1, kind="count", usual="never"
    )
    probe_dataset: str = option("cifar10", "Labeled set of the probe; only its training split is read.")
    probe_labels: int = option(4000, "Labeled images of the probe, half of them held out.", min=1, kind="count")
    time_limit: float | None = option(
        None, "Save and end after this time, such as 90s, 8m or 2h; a last probe follows.", kind="seconds"
    )
    stop_on_collapse: bool = option(False, "Save and end as soon as training has collapsed; exit status 1.")
    deterministic: bool = option(False, "On a GPU, use slower kernels with bitwise reproducible results.")
    sync_norm: bool = option(False, "On several ranks, compute batch norm over the whole batch.")
    window: int | None = option(
        None,
        "Images held in memory and shuffled together, a multiple of 256.",
        min=1,
        kind="count",
        usual="all; 65,536 if these do not fit",
    )
    seed: int = option(0, "Seed of every random choice.", min=0)

    def check(self) -> None:
        """Check the preset's name and the time limit."""
        if self.preset != "auto":
            preset_named(self.preset)
        if self.time_limit is not None and not 0 < self.time_limit < math.inf:
            raise UserError(f"got time_limit {self.time_limit}, expected more than 0 seconds", parameter="time_limit")

    @property
    def changes(self) -> dict[str, Any]:
        """Changed fields of the preset and their values, except the length, in the order of both configs."""
        values = {each.name: getattr(self, each.name) for each in fields(Changes)}
        return {name: value for name, value in values.items() if value is not None}

    def config(self, device: "torch.device | None" = None) -> TrainConfig:
        """Resolve the plan for a device, by default the CPU, without the settings that depend on the images.

        Raises
        ------
        UserError
            If a value is out of range, or values contradict each other.
        """
        config = preset_config(
            self.preset,
            dataset=self.dataset,
            device=device,
            seed=self.seed,
            precision=self.precision,
            images=self.images,
            sync_norm=self.sync_norm,
            **self.changes,
        )
        return config if self.window is None else replace(config, window=self.window)

    def to_command(self, workspace: Workspace | None = None, folder: Path | None = None) -> str:
        """Return the command line that makes the same run, in the run folder ``folder``; see ``Config.to_command``."""
        command = super().to_command(workspace)
        return str(command) if folder is None else f"{command} --run {shlex.quote(str(folder))}"
