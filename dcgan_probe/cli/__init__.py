"""Floor 7. The command line: each verb turns options into one config and makes one call.

``verbs/NAME.py`` holds the options of a verb, generated from the fields of its config, and its help text. The work is
imported when the verb runs. A verb that builds several configs does so in a module of its own.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import chain
from typing import Any, cast

import click

from ..runtime import launched_rank, package_version
from .errors import FriendlyGroup
from .options import plugin_option

GROUPS = {
    "Main job": {
        "train": "Train a DCGAN, or resume its training",
        "extract": "Encode images as features, such as a discriminator's layers",
        "eval-svm": "Fit L2-SVMs on features and print the result table",
    },
    "Tables": {
        "reproduce": "Make every missing row of a table",
        "table": "Print the tables of all records",
        "compare": "Test the differences between the rows of a table",
    },
    "Looking inside": {
        "sample": "Draw samples of a run",
        "walk": "Walk between random points of the latent space",
        "arithmetic": "Compute A - B + C of the mean z of three concepts",
        "turn": "Move random z along an axis between two groups of samples",
        "saliency": "Show the pixels that excite features, by guided backprop",
        "forget": "Remove the generator's maps that draw an object",
    },
    "Data": {
        "prepare": "Write any image source as one HDF5 file",
        "dedup": "Remove near-duplicates from an image set",
    },
    "More": {
        "eval-supervised": "Train the discriminator's architecture on labels alone",
        "eval-generated": "Test generated images as training images",
        "job": "Train one of the larger networks and export it as small files",
        "import run": "Create a run from exported files",
        "import authors": "Create a run from the authors' released weights",
        "import results": "Add the records of another results folder",
        "export run": "Write a run as small files",
    },
}
"""Verbs in the order of the flow, each with its line in the help text; a name may have two words."""
OLD_NAMES = ("import-run", "import-authors", "import-results", "export-run")
"""Names of verbs in earlier versions, still accepted."""
NAMES = (*chain.from_iterable(GROUPS.values()), "import", "export", "convert-results", *OLD_NAMES)
RANKED = ("train", "extract")
"""Verbs that run on several ranks."""


class Verbs(Mapping[str, click.Command]):
    """Verbs by name, each imported when it is used; the first word of a two-word name is a group."""

    def __getitem__(self, name: str) -> click.Command:
        """Import a verb."""
        if name not in NAMES:
            raise KeyError(name)
        second = [each for each in NAMES if each.startswith(f"{name} ")]
        if second:
            words = ", ".join(each.removeprefix(f"{name} ") for each in second)
            verbs = {each.removeprefix(f"{name} "): self[each] for each in second}
            return click.Group(name, commands=verbs, help=f"{name.title()} one of: {words}.")
        stem = name.replace("-", "_").replace(" ", "_")
        return cast(click.Command, getattr(import_module(f".verbs.{stem}", __name__), f"{stem}_command"))

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(NAMES)

    def __len__(self) -> int:
        """Count the verbs."""
        return len(NAMES)


def show_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """Print the version and exit; a callback, since help texts need not read the version."""
    if wanted and not context.resilient_parsing:
        click.echo(f"dcgan-probe, version {package_version()}")
        context.exit()


@click.group(
    cls=FriendlyGroup,
    commands=cast(Any, Verbs()),
    sections=GROUPS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_version,
    help="Show the version and exit.",
)
@click.option(
    "--no-locks",
    is_flag=True,
    envvar="DCGAN_PROBE_NO_LOCKS",
    help="Do not lock files: for file systems without locks. Run one command at a time.  [env: DCGAN_PROBE_NO_LOCKS]",
)
@plugin_option
@click.pass_context
def main(context: click.Context, no_locks: bool) -> None:
    """Probe features that a network has learned without labels, as the DCGAN paper does.

    \b
    dcgan-probe train
    dcgan-probe extract --layers all
    dcgan-probe eval-svm --dataset svhn --labels 1000
    """
    if no_locks:
        from ..storage import without_locks  # late, since it imports numpy

        context.with_resource(without_locks())
    _, ranks = launched_rank()
    if ranks > 1 and context.invoked_subcommand not in RANKED:
        raise click.UsageError(
            f"{ranks} ranks got {context.invoked_subcommand}, expected one of {', '.join(RANKED)}; "
            "run it without torchrun"
        )
