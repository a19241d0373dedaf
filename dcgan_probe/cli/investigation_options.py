"""Options of the investigations' verbs."""

import dataclasses
from typing import Any

import click

from ..runtime import Workspace
from .config_options import Verb, config_options
from .options import quiet_option, run_option


def investigation_options(config: type) -> Any:
    """Return a decorator that adds the options of an investigation's config and those shared by all investigations."""
    fields = {each.name for each in dataclasses.fields(config)}
    own = [name for name in vars(config)["__annotations__"] if name in fields]
    options = (
        config_options(config, only=own),
        config_options(config, without=(*own, "seed")),
        run_option,
        config_options(Workspace, only=("runs",)),
        config_options(config, only=("seed",)),
        config_options(Workspace, only=("device", "data_dir", "download")),
        click.option(
            "--name", metavar="TEXT", help="Prefix of the file names in RUN/figures.  [default: verb and settings]"
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the JSON file instead of the paths and a summary."),
        quiet_option,
    )

    def decorate(verb: Verb) -> Verb:
        for option in reversed(options):
            verb = option(verb)
        return verb

    return decorate
