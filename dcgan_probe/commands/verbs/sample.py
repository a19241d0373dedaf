"""Options and help of ``dcgan-probe sample``."""

from typing import Any

import click

from ..options import Count, device_option, quiet_option, run_option, runs_option, seed_option


@click.command("sample")
@click.option("--count", type=Count(), default=64, show_default=True, help="Number of samples.")
@click.option(
    "--columns",
    type=click.IntRange(min=1),
    help="Samples in a row of the grid.  [default: 8; one a class, of a conditional run with up to 20]",
)
@click.option(
    "--class",
    "name",
    metavar="NAME|N",
    help="Of a conditional run: the class of all samples, by name or number.  [default: each in turn]",
)
@click.option(
    "--number", "numbered", is_flag=True, help="Enlarge the samples, each with its number below, to be named elsewhere."
)
@seed_option
@run_option
@runs_option
@device_option
@quiet_option
def sample_command(**options: Any) -> None:
    """Draw samples: a PNG grid, and an .npz with images uint8 (N, channels, H, W) and z float32 (N, nz).

    Those of a conditional run come with labels int64 (N,).

    \b
    dcgan-probe sample --count 100 --columns 10 --seed 1
    dcgan-probe sample --class 7
    """
    from ..first_checks import check_run

    check_run(options)
    from ..sample import sample_verb

    sample_verb(**options)
