"""Work of ``dcgan-probe eval-svm``: evaluations of one or more feature sets, as a table."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from ..evaluation import Estimate, EvalConfig, Results, plan_evaluations, run_evaluations
from ..runtime import Workspace, duration
from .progress import StepBars, note_printer
from .table import show_results


def eval_svm_verb(
    configs: Sequence[EvalConfig], workspace: Workspace, *, dry_run: bool, as_json: bool, quiet: bool
) -> None:
    """Fit L2-SVMs on features, as the paper does, and print the table."""
    if dry_run:
        planned = plan_evaluations(configs, workspace, note_printer(quiet))
        click.echo(json.dumps({each.config.features: describe(each.estimate()) for each in planned}, indent=2))
        return
    with StepBars(quiet=quiet) as bars:
        summaries = run_evaluations(configs, workspace, on_progress=bars, on_note=note_printer(quiet))
    show_results(summaries, Results(workspace.results), as_json=as_json, quiet=quiet)


def describe(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate for JSON, with memory and time also as text."""
    return {
        **asdict(estimate),
        "time": duration(estimate.seconds),
        "memory": f"{estimate.memory_bytes / 1e9:.2f} GB of {estimate.available_bytes / 1e9:.2f} GB",
        "fits_in_memory": estimate.memory_bytes <= estimate.available_bytes,
    }
