"""Context of an investigation: the run, its generator and images, the progress, and the facts of the result."""

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

from ..gan.run import Run
from ..gan.sampling import Samples, generate, numbered, require_room
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
from .output_names import settings_digits
from .result import InvestigationResult

Result = TypeVar("Result", bound=InvestigationResult)


class Investigation:
    """Investigation of a run, in progress."""

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
        """Check the run and start the clock.

        Parameters
        ----------
        run, config, workspace, on_step, on_note
            Arguments of the investigation's function; None for ``workspace`` means the default folders.
        conditional
            Allow runs whose networks need a label.

        Raises
        ------
        UserError
            If ``run`` is not a ``Run``, or is conditional although ``conditional`` is False.
        """
        run = Run(run) if isinstance(run, str | Path) else run
        require_instance(run, Run, "run", "Run(folder)")
        require_instance(config, InvestigationConfig, "config")
        classes = run.config.network.classes
        if classes and not conditional:
            raise UserError(
                f"{run.folder} is conditional on {classes} classes, and {config.verb} needs networks without "
                "labels; give another run",
                parameter="run",
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
        """Record a sentence about the reliability of the result."""
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
        """Return the images that trained the run, or None with a notice that ``without`` is left out.

        An imported run has its batch-norm statistics, and does not need the images.
        """
        try:
            return self.training_images()
        except UserError as error:
            said = f"{without} left out, since the images that trained the run are missing: {error}"
            warnings.warn(said, Notice, stacklevel=2)
            return None

    @cached_property
    def generator(self) -> Generator:
        """Generator of the run."""
        return self.run.generator()

    def generate(self, z: np.ndarray) -> np.ndarray:
        """Generate uint8 images (n, channels, H, W) from z float32 (n, nz)."""
        return generate(self.generator, torch.from_numpy(z), self.device)

    def require_room(self, count: int, parameter: str) -> None:
        """Check that ``count`` samples fit into the free memory; ``parameter`` is the parameter that an error names."""
        require_room(self.run.config.network, count, parameter)

    def samples(self, numbers: Sequence[int]) -> Samples:
        """Return samples by their numbers, equal to those of ``sample`` with the same seed."""
        return numbered(self.run, numbers, seed=self.seed, device=self.device)

    def result(self, kind: type[Result], **found: Any) -> Result:
        """Build the result from its own fields; the shared fields are filled in."""
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
