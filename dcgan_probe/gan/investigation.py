"""Ground of an investigation: a run, its generator and images, the progress, and the facts that a result keeps."""

import shlex
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from ..images import ImageSet, load_images
from ..networks import Generator
from ..runtime import (
    Notice,
    OnNote,
    OnStep,
    Step,
    UserError,
    Workspace,
    describe_device,
    require_instance,
    resolve_device,
    versions,
)
from ..storage import fingerprint_tensors
from .investigation_config import InvestigationConfig
from .investigation_result import InvestigationResult
from .output_names import settings_digits
from .run import Run
from .sampling import Samples, generate, numbered, require_room

Result = TypeVar("Result", bound=InvestigationResult)


class Investigation:
    """One investigation of a run, under way."""

    def __init__(
        self,
        run: Run | str | Path,
        config: InvestigationConfig,
        workspace: Workspace | None,
        on_step: OnStep,
        on_note: OnNote,
        *,
        conditional: bool = False,
    ):
        """Check the run and begin.

        Parameters
        ----------
        run, config, workspace, on_step, on_note
            As the function got them; a workspace that is None has the usual folders.
        conditional
            Whether runs whose networks need a label are allowed.

        Raises
        ------
        UserError
            If it is no run, or is conditional where no such run is allowed.
        """
        run = Run(run) if isinstance(run, str | Path) else run
        require_instance(run, Run, "run", "Run(folder)")
        require_instance(config, InvestigationConfig, "config")
        classes = run.config.network.classes
        if classes and not conditional:
            raise UserError(
                f"{run.folder} is conditional on {classes} classes, and {config.verb} takes networks that see no "
                "label; give another run",
                option="run",
            )
        self.run, self.config, self.seed = run, config, config.seed
        self.workspace = workspace or Workspace()
        self.device = resolve_device(self.workspace.device)
        self.load = partial(load_images, data_dir=self.workspace.data_dir, download=self.workspace.download)
        self.note = on_note
        self._on_step, self._warnings, self._began = on_step, list[str](), time.monotonic()
        self._digits = settings_digits(config)
        self._training_images: ImageSet | None = None

    def warn(self, sentence: str) -> None:
        """Keep a sentence on what makes the result doubtful."""
        self._warnings.append(sentence)

    def counter(self, title: str, total: int, *, brief: bool = False) -> Callable[[int], None]:
        """Return a function that reports how many images of a step are done; see ``Step``."""
        return partial(self._report, Step(title, 0, total, "images", brief=brief))

    def _report(self, step: Step, done: int) -> None:
        self._on_step(replace(step, done=done))

    def training_images(self) -> ImageSet:
        """Return the images that trained the run, loaded once."""
        if self._training_images is None:
            self._training_images = self.load(self.run.config.dataset, "train")
        return self._training_images

    def found_training_images(self, without: str) -> ImageSet | None:
        """Return the images that trained the run; None where they are missing, with a notice of what is left out.

        A run that was imported has its batch-norm statistics, and can do without them.
        """
        try:
            return self.training_images()
        except UserError as error:
            said = f"{without} left out, since the images that trained the run are missing: {error}"
            warnings.warn(said, Notice, stacklevel=2)
            return None

    @cached_property
    def generator(self) -> Generator:
        """The run's generator."""
        return self.run.generator()

    def generate(self, z: np.ndarray) -> np.ndarray:
        """Generate uint8 images (n, channels, H, W) from z float32 (n, nz)."""
        return generate(self.generator, torch.from_numpy(z), self.device)

    def require_room(self, count: int, option: str) -> None:
        """Refuse more samples, by an option, than the free memory has room for."""
        require_room(self.run.config.network, count, option)

    def samples(self, numbers: Sequence[int]) -> Samples:
        """Return samples by their numbers, as ``sample`` draws them with the same seed."""
        return numbered(self.run, numbers, seed=self.seed, device=self.device)

    def result(self, kind: type[Result], **found: Any) -> Result:
        """Make the result from its own fields; the others are filled in."""
        return kind(
            config=self.config, digits=self._digits, facts=self._facts(), warnings=tuple(self._warnings), **found
        )

    def _facts(self) -> dict[str, Any]:
        stored, trained_on = self.run.load(), self.run.trained_on
        folder = str(self.run.folder)
        return {
            "command": shlex.join(
                [*shlex.split(self.config.to_command(self.workspace)), "--run", str(self.run.folder)]
            ),
            "seconds": time.monotonic() - self._began,
            "device": describe_device(self.device),
            "versions": versions(),
            "run": {
                "folder": folder,
                "preset": self.run.config.preset,
                "trained_on": trained_on.name,
                "trained_on_images": trained_on.images,
                "images_seen": stored["position"],
                "discriminator": fingerprint_tensors(stored["discriminator"]),
            },
        }
