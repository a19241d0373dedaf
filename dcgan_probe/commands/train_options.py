"""Takes the fields that a preset decides, gives an option for each and the name of a run; resolves no config."""

import re
from pathlib import Path
from typing import Any

import click

from ..gan import TrainConfig
from ..storage import shortened
from .options import Count, Numbers

FIELDS: list[tuple[str, Any, str]] = [
    ("nz", int, "Length of z."),
    ("z", click.Choice(["uniform", "gaussian"]), "Distribution of z."),
    ("nc", int, "Image channels.  [default: those of the images]"),
    ("ndf", int, "Maps of D's first layer."),
    ("ngf", int, "Maps of G's last hidden layer."),
    ("image-size", int, "Side of the images, in pixels."),
    ("kernel", int, "Side of the kernels, in pixels."),
    ("multipliers", Numbers(), "Width of each layer in units of ndf and ngf, as 1,2,4."),
    ("strides", Numbers(), "Stride of each layer, as 2,2,2."),
    ("eps", float, "Batch norm's epsilon."),
    ("first-norm", click.Choice(["unit", "map"]), "Gains of G's first batch norm: for each unit or each map."),
    ("resampling", click.Choice(["stride", "max-pool"]), "Strides, or max-pooling in D and nearest neighbours in G."),
    ("norm", click.Choice(["all-but-ends", "none", "all"]), "Layers with batch norm; ends: D's first, G's last."),
    ("hidden", int, "Units of a fully connected hidden layer in D and in G; 0 for none."),
    ("leak", float, "Slope of D's activation below 0; 0 is ReLU."),
    ("output", click.Choice(["tanh", "sigmoid"]), "What bounds G's images; sigmoid: the networks see 0 to 1."),
    ("classes", int, "Classes to be conditional on; 0: none.  [default: those of the images, with preset conditional]"),
    ("affine", bool, "Whether batch norm learns a gain and a bias."),
    ("updates", click.Choice(["both", "alternate"]), "Update G and D on every batch, or in turn."),
    ("batch-size", int, "Real images in a mini-batch, over all ranks."),
    ("lr", float, "Adam's learning rate."),
    ("beta1", float, "Adam's decay of the first moment."),
    ("weight-decay", float, "L2 penalty coupled into Adam."),
    ("flips", bool, "Mirror half of the real images left to right."),
    ("ema", Count(), "Half-life, in images, of an average of G's weights to sample from."),
    ("keep", click.Choice(["last", "best"]), "Weights that the run gives: the last, or the best by --probe-every."),
]


def field_options(verb: Any) -> Any:
    """Add one option for each field that a preset decides."""
    for name, kind, text in reversed(FIELDS):
        default = "" if "[default" in text else "  [default: the preset's]"
        if kind is bool:
            verb = click.option(f"--{name}/--no-{name}", default=None, help=text + default)(verb)
        else:
            verb = click.option(f"--{name}", type=kind, help=text + default)(verb)
    return verb


def run_name(config: TrainConfig, fields: dict[str, Any]) -> str:
    """Name a run from its arguments: set, preset, what differs from the preset, seed."""
    name = shortened(re.sub(r"[^\w.-]+", "-", Path(config.dataset).name.removesuffix(".h5")) or "images")
    preset = config.preset.partition(" ")[0]
    # In the options' own order: click gives them in the order in which they were typed.
    given = {option: fields.get(option.replace("-", "_")) for option, _, _ in FIELDS}
    changed = [format_field(option.replace("-", ""), value) for option, value in given.items() if value is not None]
    return "-".join([name, preset, *changed, f"s{config.seed}"])


def format_field(name: str, value: Any) -> str:
    """Format an option and its value for a folder's name; a flag's own name says all."""
    if isinstance(value, bool):
        return name if value else f"no{name}"
    return name + (".".join(map(str, value)) if isinstance(value, tuple) else str(value))
