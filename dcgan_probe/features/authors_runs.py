"""Import of the authors' released weights as a run with batch-norm statistics."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from ..gan import RELEASED, AuthorsWeights, Run, check_sides, check_unused, preset_config, read_authors, save_authors
from ..images import ImageSet, load_images
from ..networks import load_discriminator
from ..runtime import OnNote, OnStep, Step, Workspace, no_note, no_step, require_instance, resolve_device
from .batchnorm import real_statistics
from .exchange_config import ImportAuthorsConfig
from .run_encoders import statistics_path, write_statistics
from .settings import REAL_RULES


@dataclass(frozen=True)
class ImportedNet:
    """Run made from released weights."""

    run: Run
    weights: AuthorsWeights
    images: ImageSet
    """Images of the batch-norm statistics."""

    def describe(self) -> str:
        """Return one line with the run folder, preset, epoch, layers, generator and images."""
        layers = self.weights.config.network.layer_names
        epoch = self.weights.epoch
        parts = [
            self.weights.config.preset.partition(" ")[0],
            "epoch unknown" if epoch is None else f"epoch {epoch}",
            f"{layers[0]} to {layers[-1]}",
            "no generator" if self.weights.generator is None else "generator",
            f"statistics of {len(self.images):,} images of {self.images.name}",
        ]
        return f"{self.run.folder}: {', '.join(parts)}"


def import_authors(
    config: ImportAuthorsConfig,
    workspace: Workspace | None = None,
    *,
    command: Sequence[str] = (),
    on_step: OnStep = no_step,
    on_loss: OnNote = no_note,
    on_note: OnNote = no_note,
) -> ImportedNet:
    """Make a run from the authors' released weights, with batch-norm statistics of an image set.

    Parameters
    ----------
    config
        Folder of the arrays, image set and run folder.
    workspace
        Folders and device; None stands for the defaults.
    command
        Command line to record in the run; by default the one that ``config`` corresponds to.
    on_step
        Called with the progress of the statistics.
    on_loss
        Called with a sentence for each missing part of the net.
    on_note
        Called with a sentence if another image set trained the net.

    Raises
    ------
    UserError
        If arrays are missing or have other shapes, the run folder holds a run already, or the images are missing or of
        another size.
    """
    require_instance(config, ImportAuthorsConfig, "config")
    place = workspace or Workspace()
    device = resolve_device(place.device)
    weights = read_authors(
        config.directory, [preset_config(name, dataset=config.dataset, precision="float32") for name in RELEASED]
    )
    run = Run(config.run or place.runs / weights.config.preset.partition(" ")[0])
    check_unused(run)
    for sentence in missing_parts(weights):
        on_loss(sentence)
    images = load_images(config.dataset, "train", data_dir=place.data_dir, download=place.download)
    network = weights.config.network
    check_sides(network, images)
    if images.name != weights.released.dataset:
        on_note(
            f"The authors trained this net on {weights.released.dataset}, and tables report that set; "
            f"the batch-norm statistics come from {images.name}."
        )

    def advance(done: int) -> None:
        on_step(Step("batch-norm statistics of dcgan", done, len(images), "images"))

    statistics = real_statistics(load_discriminator(network, weights.discriminator), images, device, advance)
    written = list(command) or shlex.split(config.to_command(place))
    save_authors(weights, images, statistics, run.folder, device=device, command=written)
    # Stored under the key of a default extraction, which would otherwise compute them again.
    write_statistics(statistics_path(run, run.discriminator(), REAL_RULES[0]), statistics)
    return ImportedNet(run, weights, images)


def missing_parts(weights: AuthorsWeights) -> list[str]:
    """Return a sentence for each missing part of a net, then the consequences."""
    lines = [f"{layer} is missing: {', '.join(files)}" for layer, files in weights.missing.items()]
    names = weights.config.network.layer_names
    if set(weights.missing) - {"output"}:
        lines.append(f"The features end at {names[-1]}, the last layer before the missing ones.")
    if "output" in weights.missing or len(lines) > len(weights.missing):
        lines.append("The discriminator has no output layer, so it cannot score images.")
    if weights.generator is None:
        lines.append(f"No generator: {weights.without_generator}. Commands that need only the discriminator work.")
    return lines
