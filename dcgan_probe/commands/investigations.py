"""Takes what every look into a run has in common, gives its parts and a place for pictures and numbers.

Its files are ``RUN/figures/VERB-SETTINGS-sSEED-DIGITS...`` and a JSON file of that name, written last, which holds the
command, the run's weights, versions, device and every number.
"""

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from ..features import DiscriminatorEncoder, cached_features
from ..images import ImageSet, load_images
from ..latent import Attribute, ProbePair, Samples, encode_images, fit_probe_pairs, generate, numbered, require_room
from ..networks import Generator
from ..runtime import UserError, describe_device, resolve_device, versions
from ..storage import explained_disk_errors, fingerprint_tensors, write_json
from .command_lines import called_as, command_line
from .encoder_choices import EncoderOptions
from .encoding import make_encoder
from .options import chosen_run
from .output_names import output_name
from .progress import Progress

DIGITS = 6
"""Significant digits of a number in the JSON file."""


class Investigation:
    """One look into a run."""

    def __init__(
        self,
        settings: Sequence[str | int],
        *,
        conditional: bool = False,
        run_folder: Path | None,
        runs: Path,
        seed: int,
        device: str,
        data_dir: Path,
        download: bool,
        name: str | None,
        as_json: bool,
        quiet: bool,
    ):
        """Find the run and name the files.

        Parameters
        ----------
        settings
            What tells a person this look from others of the same verb, for the files' names.
        conditional
            Whether the verb takes runs whose networks need a label.
        run_folder, runs, seed, device, data_dir, download, name, as_json, quiet
            As ``investigation_options`` parsed them.

        Raises
        ------
        UserError
            If there is no such run, or it is conditional and the verb takes none.
        """
        self.run = chosen_run(run_folder, runs, quiet=quiet)
        classes = self.run.config.network.classes
        if classes and not conditional:
            raise UserError(
                f"{self.run.folder} is conditional on {classes} classes, and {called_as()[1]} takes networks that see "
                "no label; give another --run",
                option="run",
            )
        self.seed, self.device, self.quiet = seed, resolve_device(device), quiet
        self.load = partial(load_images, data_dir=data_dir, download=download)
        readable = [name] if name else [called_as()[1], *settings]
        self._stem = self.run.folder / "figures" / output_name(readable, seed)
        self._began, self._as_json, self._pictures = time.monotonic(), as_json, list[Path]()
        self._warnings = list[str]()

    def note(self, text: str) -> None:
        """Tell the user something on stderr."""
        if not self.quiet:
            click.echo(text, err=True)

    def warn(self, text: str) -> None:
        """Tell the user what makes the result doubtful, though they want no notes; the JSON file keeps it."""
        self._warnings.append(text)
        click.echo(f"Warning: {text}", err=True)

    def progress(self, title: str, total: int, unit: str, *, brief: bool = False, kept: bool = False) -> Progress:
        """Make a bar that is silent where the user wants none."""
        return Progress(title, total, unit, quiet=self.quiet, brief=brief, kept=kept)

    def path(self, suffix: str = ".png") -> Path:
        """Record one more file to be written, with a suffix such as ``-animation.webp``, and return its path."""
        if not self._pictures:
            # Whenever the verb ends, no new picture lies beside the numbers of an earlier call.
            with explained_disk_errors(self._json):
                self._json.unlink(missing_ok=True)
        path = self._beside(suffix)
        self._pictures.append(path)
        return path

    @property
    def _json(self) -> Path:
        return self._beside(".json")

    def _beside(self, suffix: str) -> Path:
        return self._stem.with_name(self._stem.name + suffix)

    @cached_property
    def training_images(self) -> ImageSet:
        """The images that trained the run."""
        return self.load(self.run.config.dataset, "train")

    def found_training_images(self, without: str) -> ImageSet | None:
        """Return the images that trained the run; None where they are not on this machine, and say what is left out.

        A run that was imported has its batch-norm statistics, and can do without them.
        """
        try:
            return self.training_images
        except UserError as error:
            click.echo(f"{without} left out, since the images that trained the run are missing: {error}", err=True)
            return None

    @cached_property
    def encoder(self) -> DiscriminatorEncoder:
        """All layers of the run's discriminator on a 4x4 grid, batch norm by the real-images rule."""
        options = EncoderOptions(self.device, lambda: self.training_images, quiet=self.quiet)
        return make_encoder("dcgan", self.run, options)

    def features(self, images: np.ndarray) -> np.ndarray:
        """Encode images uint8 (n, channels, H, W), not cached: float32 (n, D)."""
        with self.progress("features of samples", len(images), "images", brief=True) as progress:
            return encode_images(self.encoder, images, progress.update)

    @cached_property
    def generator(self) -> Generator:
        """The run's generator."""
        return self.run.generator()

    def generate(self, z: np.ndarray) -> np.ndarray:
        """Give uint8 images (n, channels, H, W) for z float32 (n, nz)."""
        return generate(self.generator, torch.from_numpy(z), self.device)

    def require_room(self, count: int, option: str) -> None:
        """Refuse more samples, by an option, than the free memory has room for."""
        require_room(self.run.config.network, count, option)

    def samples(self, numbers: Sequence[int]) -> Samples:
        """Give samples by their numbers, as ``sample --number`` shows them."""
        return numbered(self.run, numbers, seed=self.seed, device=self.device)

    def labelled(self, dataset: str | None) -> ImageSet:
        """Give the training split that teaches probes: of a set that was named, or the run's own images."""
        return self.training_images if dataset is None else self.load(dataset, "train")

    def probes(self, attributes: Iterable[Attribute], dataset: str | None) -> dict[str, ProbePair]:
        """Fit two probes of each attribute on a labelled set's training split, by default the run's own images."""
        labelled = self.labelled(dataset)
        # Asked first: a wrong name should not cost the time of the features.
        answers = {str(attribute): attribute.of(labelled) for attribute in attributes}
        if not answers:
            return {}
        with self.progress(f"features of {labelled.name}", len(labelled), "images", kept=True) as progress:
            features, _ = cached_features(
                self.encoder, labelled, self.run.folder / "features", on_progress=progress.update
            )
        return fit_probe_pairs(features.load(), answers, self.seed)

    def finish(self, numbers: Mapping[str, Any], summary: Sequence[str]) -> None:
        """Write the JSON file; print it, or what was written and a summary of some lines."""
        stored, trained_on = self.run.load(), self.run.trained_on
        told = {
            "command": command_line(),
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "seconds": time.monotonic() - self._began,
            "device": describe_device(self.device),
            "versions": versions(),
            "run": {
                "folder": str(self.run.folder),
                "preset": self.run.config.preset,
                "trained_on": trained_on.name,
                "trained_on_images": trained_on.images,
                "images_seen": stored["position"],
                "discriminator": fingerprint_tensors(stored["discriminator"]),
            },
            "seed": self.seed,
            "pictures": [path.name for path in self._pictures],
            "warnings": self._warnings,
            "numbers": dict(numbers),
        }
        written = plain(told)
        write_json(self._json, written)
        if self._as_json:
            click.echo(json.dumps(written, indent=2))
            return
        for each in (*self._pictures, self._json):
            click.echo(each)
        for line in summary:
            click.echo(line)


def plain(value: Any) -> Any:
    """Give a value as JSON takes it: arrays as lists, floats with six digits, None for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
