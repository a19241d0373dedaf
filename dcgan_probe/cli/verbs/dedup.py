"""``dcgan-probe dedup``: an image set without its near-duplicates."""

from typing import Any

import click

from ...deduplication import DRAWN_DISTANCE, DedupConfig, DedupPlan
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_of, config_options, fields_of
from ..options import quiet_option


@click.command("dedup", cls=RecordedCommand)
@config_options(DedupPlan, without=("search",))
@config_options(DedupConfig)
@config_options(Workspace, only=DedupPlan.places)
@quiet_option
def dedup_command(quiet: bool, **options: Any) -> None:
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
    from ...deduplication import run_deduplication, summary_lines
    from ..progress import StepBars

    workspace, search = config_of(Workspace, options), config_of(DedupConfig, options)
    plan = DedupPlan(**fields_of(DedupPlan, options), search=search)
    with StepBars(quiet=quiet) as bars:
        found = run_deduplication(plan, workspace, on_step=bars)
    click.echo("\n".join(summary_lines(found.summary)))
    click.echo(f"{plan.out}: {found.left:,} images")
    if found.sheet is not None and search.distance > DRAWN_DISTANCE:
        click.echo(
            f"Look at {found.sheet}: a limit of {search.distance} is for photographs; for digits and drawings give "
            f"--distance {DRAWN_DISTANCE}, or pictures that share only a shape come as one"
        )
