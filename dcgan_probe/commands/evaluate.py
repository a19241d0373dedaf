"""``dcgan-probe eval-svm``: evaluations of one or several features, as a table."""

import json
from dataclasses import asdict
from typing import Any

import click

from ..evaluation import Estimate, EvalConfig, Results, plan_evaluations, run_evaluations
from ..features import source_named
from ..runtime import Workspace, duration
from .config_options import config_of, fields_of
from .progress import StepBars, sayer
from .source_options import chosen_configs
from .table import show_results

CONTROLS = ("random", "pixels")


def eval_svm_verb(
    features: tuple[str, ...], controls: bool, dry_run: bool, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Fit L2-SVMs on features, as the paper does, and print the table."""
    workspace, shared = config_of(Workspace, options), fields_of(EvalConfig, options)
    with_run = shared["run"] is not None or any(source_named(name).needs_run for name in features)
    added = [name for name in CONTROLS if controls and (with_run or not source_named(name).needs_run)]
    configs = chosen_configs(EvalConfig, features, options, added, **shared)
    note = sayer(quiet)
    if dry_run:
        planned = plan_evaluations(configs, workspace, note)
        click.echo(json.dumps({each.config.features: describe(each.estimate()) for each in planned}, indent=2))
        return
    with StepBars(quiet=quiet) as bars:
        summaries = run_evaluations(configs, workspace, on_progress=bars, on_note=note)
    show_results(summaries, Results(workspace.results), as_json=as_json, quiet=quiet)


def describe(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as JSON, with its memory and time in words too."""
    return {
        **asdict(estimate),
        "time": duration(estimate.seconds),
        "memory": f"{estimate.memory_bytes / 1e9:.2f} GB of {estimate.available_bytes / 1e9:.2f} GB",
        "fits_in_memory": estimate.memory_bytes <= estimate.available_bytes,
    }
