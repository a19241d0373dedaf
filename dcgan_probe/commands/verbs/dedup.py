"""Options and help of ``dcgan-probe dedup``."""

from pathlib import Path
from typing import Any

import click

from ...deduplication import DedupConfig
from ..command_lines import RecordedCommand
from ..options import Count, data_options, quiet_option, runs_option, seed_option

USUAL = DedupConfig()
DRAWN_DISTANCE = 0.15
"""A limit for pictures of few strokes: two digits of one shape differ by 0.21 or more, whatever their colours."""


@click.command("dedup", cls=RecordedCommand)
@click.argument("dataset")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The .h5 file of what is left."
)
@click.option(
    "--split", type=click.Choice(["train", "test"]), help="Which split.  [default: train; with --against, test of that]"
)
@click.option("--against", help="Look for the images of this set's split instead, in DATASET's training split.")
@click.option(
    "--figures", type=click.Path(file_okay=False, path_type=Path), help="Folder of figures.  [default: --out's]"
)
@click.option(
    "--judged",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The list of pairs, judged by a person.",
)
@click.option(
    "--bits", type=click.IntRange(0, 23), default=USUAL.bits, show_default=True, help="Most bits that hashes differ in."
)
@click.option(
    "--distance",
    type=click.FloatRange(0, 1),
    default=USUAL.distance,
    show_default=True,
    help="Most that views differ, over what either changes when moved by two pixels; the default is for photographs, "
    f"{DRAWN_DISTANCE} for digits and drawings.",
)
@click.option(
    "--images", type=Count(), default=USUAL.images_seen, show_default=True, help="Images shown to each autoencoder."
)
@click.option("--plants", type=Count(), default=USUAL.plants, show_default=True, help="Planted copies of each kind.")
@seed_option
@runs_option
@data_options
@quiet_option
def dedup_command(**options: Any) -> None:
    """Remove the near-duplicates of DATASET: re-encoded, lighter, noisy, mirrored, shifted by one pixel or two.

    Of images that are near-duplicates of each other the first stays. With --against, those go that the other set has.
    The limit of distance was chosen on photographs, and colours count for little in it: pictures that share only a
    shape, such as two digits of one font, can come as one. Look at the pairs before you use what is left.

    Beside --out: a picture and a list of up to 300 pairs, drawn at random, for a person to judge, the removed rows,
    and all numbers as JSON, with the share of planted copies found. Write yes or no in the list's column "same" and
    repeat with --judged; the list is written again with the answers. In --out, source_row is an image's old row.

    \b
    dcgan-probe dedup tiny_imagenet32 --out data/clean_train.h5
    dcgan-probe dedup cifar10 --against cifar10 --split test --out data/cifar10-fair_train.h5
    """
    from ..first_checks import check_sets

    check_sets(options)
    from ..dedup import dedup_verb

    dedup_verb(**options)
