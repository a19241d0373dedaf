"""Options and help of ``dcgan-probe dedup``."""

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
    """Remove near-duplicates from DATASET: re-encoded, brightened, noisy, mirrored or shifted by one or two pixels.

    The first image of each group of near-duplicates is kept. With --against, images with a near-duplicate in the
    other set are removed. The default --distance was chosen on photographs and gives color little weight: pictures
    that share only a shape, such as two digits of one font, can count as near-duplicates. Inspect the pairs before
    using the result.

    The folder of --out also gets a picture and a list of up to 300 random pairs for manual review, the removed rows,
    and all numbers as JSON, including the share of planted copies found. To record a review, write yes or no in the
    column "same" of the list and rerun with --judged; the answers are kept when the list is rewritten. In --out,
    source_row is the original row of an image.

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
            f"Inspect {found.sheet}: a --distance of {search.distance} suits photographs; for digits and drawings use "
            f"--distance {DRAWN_DISTANCE}, since pictures that share only a shape count as near-duplicates otherwise"
        )
