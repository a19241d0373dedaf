"""Options of the verbs that look into a run."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .options import Count, data_options, device_option, quiet_option, run_option, runs_option, seed_option

Verb = TypeVar("Verb", bound=Callable[..., Any])


def investigation_options(verb: Verb) -> Verb:
    """Add the options that ``Investigation`` takes."""
    options = (
        quiet_option,
        click.option("--json", "as_json", is_flag=True, help="Print the JSON file instead of the paths and a summary."),
        click.option(
            "--name", metavar="TEXT", help="Begins the files' names in RUN/figures.  [default: verb and settings]"
        ),
        data_options,
        device_option,
        seed_option,
        runs_option,
        run_option,
    )
    for option in options:
        verb = option(verb)
    return verb


def concept_options(verb: Verb) -> Verb:
    """Add --attribute, --dataset and --pool."""
    for option in (
        click.option(
            "--pool", type=Count(), default=2000, show_default=True, help="Samples among which probes pick a concept's."
        ),
        click.option(
            "--dataset", help="Labelled images whose training split trains the probes.  [default: the run's own images]"
        ),
        click.option(
            "--attribute",
            "scored",
            multiple=True,
            metavar="TEXT",
            help="Score this too, as female, label=3, age>=60; repeatable.  [default: the attributes of the concepts]",
        ),
    ):
        verb = option(verb)
    return verb
