"""Work of ``dcgan-probe eval-supervised``: the supervised row of a table."""

import json
from dataclasses import asdict
from typing import Any

import click

from ..evaluation import PlannedSupervised, Results, SupervisedConfig, describe_ranges, plan_supervised, run_supervised
from ..runtime import Workspace, duration
from .config_options import config_of
from .progress import StepBars, note_printer
from .table import show_results


def eval_supervised_verb(dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Search the settings of a supervised network, evaluate the best one and print the table."""
    config, workspace = config_of(SupervisedConfig, options), config_of(Workspace, options)
    if dry_run:
        click.echo(json.dumps(describe(plan_supervised(config, workspace)), indent=2))
        return
    with StepBars(quiet=quiet) as bars:
        summary = run_supervised(config, workspace, on_progress=bars, on_note=note_printer(quiet))
    show_results([summary], Results(workspace.results), as_json=as_json, quiet=quiet)


def describe(planned: PlannedSupervised) -> dict[str, Any]:
    """Return a search and its estimate for JSON, with time and memory also as text."""
    estimate = planned.estimate()
    return {
        "protocol": planned.protocol.name,
        "network": planned.preset,
        "settings": planned.config.settings,
        "ranges": describe_ranges(),
        "chooses_on": planned.protocol.chooses_on,
        "reported_draws": planned.protocol.draws,
        "workers": planned.workers,
        **asdict(estimate),
        "images_per_second": round(estimate.images_per_second),
        "seconds": round(estimate.seconds),
        "time": duration(estimate.seconds),
        "memory": f"{estimate.memory_bytes / 1e9:.2f} GB",
    }
