"""``dcgan-probe import-authors``: makes a run folder from the weights that the authors released."""

from pathlib import Path

import click

from ..features import REAL_RULES, real_statistics, statistics_path, write_statistics
from ..gan import RELEASED, AuthorsWeights, Run, check_sides, check_unused, preset_config, read_authors, save_authors
from ..images import ImageSet, load_images
from ..networks import load_discriminator
from ..runtime import resolve_device
from .command_lines import called_as
from .progress import Progress


def import_authors_verb(
    directory: Path,
    dataset: str,
    folder: Path | None,
    runs: Path,
    device: str,
    data_dir: Path,
    download: bool,
    quiet: bool,
) -> None:
    """Make a run of the authors' released weights, the *_params.jl_NN.npy in DIR, for all other commands."""
    target = resolve_device(device)
    configs = [preset_config(name, dataset=dataset, precision="float32") for name in RELEASED]
    weights = read_authors(directory, configs)
    run = Run(folder or runs / weights.config.preset.partition(" ")[0])
    check_unused(run)
    for line in losses(weights):
        click.echo(line, err=True)
    images = load_images(dataset, "train", data_dir=data_dir, download=download)
    network = weights.config.network
    check_sides(network, images)
    if images.name != weights.released.dataset and not quiet:
        click.echo(
            f"The authors trained this net on {weights.released.dataset}, and tables will say so; "
            f"the batch-norm statistics come from {images.name}.",
            err=True,
        )
    discriminator = load_discriminator(network, weights.discriminator)
    with Progress("batch-norm statistics of dcgan", len(images), "images", quiet=quiet) as progress:
        statistics = real_statistics(discriminator, images, target, progress.update)
    save_authors(weights, images, statistics, run.folder, device=target, command=called_as())
    # The key of the first extraction's statistics, which would compute them once more.
    write_statistics(statistics_path(run, run.discriminator(), REAL_RULES[0]), statistics)
    click.echo(f"{run.folder}: {summary(weights, images)}")


def losses(weights: AuthorsWeights) -> list[str]:
    """Tell what of a net is missing, and what that means."""
    lines = [f"{layer} is missing: {', '.join(files)}" for layer, files in weights.missing.items()]
    names = weights.config.network.layer_names
    if set(weights.missing) - {"output"}:
        lines.append(f"The features end at {names[-1]}, the last layer before them.")
    if "output" in weights.missing or len(lines) > len(weights.missing):
        lines.append("The discriminator has no output: it cannot tell real from generated.")
    if weights.generator is None:
        lines.append(f"No generator: {weights.without_generator}. What needs the discriminator alone works.")
    return lines


def summary(weights: AuthorsWeights, images: ImageSet) -> str:
    """Tell in one line what was imported."""
    layers = weights.config.network.layer_names
    parts = [
        weights.config.preset.partition(" ")[0],
        "epoch not known" if weights.epoch is None else f"epoch {weights.epoch}",
        f"{layers[0]} to {layers[-1]}",
        "no generator" if weights.generator is None else "generator",
        f"statistics of {len(images):,} images of {images.name}",
    ]
    return ", ".join(parts)
