"""Tables of trainings that each break a guideline of the paper, for display and as tidy pandas."""

import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from .display_tables import NOTHING, Cell, ShownTable, short_count
from .provenance import Made, Provenance

HEADER = {
    "guideline broken": False,
    "setting": False,
    "collapse alarm": False,
    "diversity": True,
    "probe, accuracy %": True,
    "untrained": True,
    "against the baseline": True,
    "n": True,
}
MEASURED = {
    **dict.fromkeys(("d_loss", "g_loss", "d_real", "d_fake", "d_gradient_norm", "g_gradient_norm"), "Float64"),
    **dict.fromkeys(("dead_filters", "oscillating_filters", "diversity", "probe_accuracy"), "Float64"),
}
"""Columns of a run's statistics in the tidy table, from the last row of the run that has a value."""
TIDY = {
    **dict.fromkeys(("guideline", "setting"), "string"),
    "seed": "Int64",
    **dict.fromkeys(("preset", "dataset", "probe"), "string"),
    **dict.fromkeys(("images", "images_seen", "first_alarm", "collapsed_since"), "Int64"),
    "collapse_signs": "string",
    **MEASURED,
    "untrained_accuracy": "Float64",
    "seconds": "Float64",
    **dict.fromkeys(("date", "device", "versions", "command"), "string"),
}
"""``first_alarm``: images seen at the onset of the first collapse, whether or not training recovered.
``collapsed_since``: images seen at the onset of a collapse that lasts to the end."""


@dataclass(frozen=True)
class GuidelineRun:
    """Result of one training."""

    guideline: str
    """Departure from a guideline, such as ``no batch norm``."""
    setting: str
    """Changed fields of the config, such as ``norm none``; empty for the baseline."""
    facts: dict[str, Any]
    """The other columns of ``TIDY``, by name; accuracies from 0 to 1, None or missing if not measured."""

    def __getitem__(self, name: str) -> Any:
        """Return a column's value, None if it is missing."""
        return self.facts.get(name)


def guideline_table(runs: Iterable[GuidelineRun]) -> pandas.DataFrame:
    """Build one tidy row for each training."""
    rows = [{"guideline": run.guideline, "setting": run.setting, **run.facts} for run in runs]
    return pandas.DataFrame(rows, columns=list(TIDY)).astype(TIDY)


def shown_guidelines(runs: Sequence[GuidelineRun]) -> ShownTable:
    """Build one row for each guideline, with mean and spread over its seeds.

    Parameters
    ----------
    runs
        At least one; a run of the baseline comes first, the others in any order.
    """
    groups: dict[str, list[GuidelineRun]] = {}
    for run in runs:
        groups.setdefault(run.guideline, []).append(run)
    baseline = {run["seed"]: run["probe_accuracy"] for run in runs if not run.setting}
    first = runs[0]
    return ShownTable(
        title=f"Each of the paper's guidelines broken in turn: {first['preset']} on {first['dataset']}",
        header=tuple(HEADER),
        numeric=tuple(HEADER.values()),
        measured=tuple(_cells(group, baseline) for group in groups.values()),
        published=(),
        caption=_caption(runs),
        footnotes=(),
        provenance=_provenance(groups),
    )


def _cells(group: list[GuidelineRun], baseline: dict[int, float | None]) -> tuple[Cell, ...]:
    pairs = [(run["probe_accuracy"], baseline.get(run["seed"])) for run in group if run.setting]
    differences = [own - other for own, other in pairs if own is not None and other is not None]
    texts = (
        group[0].guideline,
        group[0].setting or NOTHING,
        _alarm(group),
        _spread([run["diversity"] for run in group], "{:.2f}"),
        _spread([run["probe_accuracy"] for run in group], "{:.1f}", 100),
        _spread([run["untrained_accuracy"] for run in group], "{:.1f}", 100),
        _spread(differences, "{:+.1f}", 100),
        f"{len(group)}",
    )
    return tuple(map(Cell, texts))


def _alarm(group: list[GuidelineRun]) -> str:
    """Count the training runs with an alarm at the end, those that recovered, and those cut short; give the onsets."""
    since = sorted(run["collapsed_since"] for run in group if run["collapsed_since"] is not None)
    over = sum(run["first_alarm"] is not None and run["collapsed_since"] is None for run in group)
    short = sum(run["images_seen"] < run["images"] for run in group)
    parts = [f"{len(since)} of {len(group)}, since {', '.join(map(short_count, since))}"] if since else []
    parts += [f"{over} over by the end"] if over else []
    parts += [f"{short} not to the end"] if short else []
    return "; ".join(parts) or "none"


def _spread(values: Sequence[float | None], form: str, factor: float = 1) -> str:
    """Format mean and standard deviation of the known values; only the mean has a sign."""
    known = [factor * value for value in values if value is not None]
    if not known:
        return NOTHING
    mean = form.format(statistics.mean(known))
    return mean if len(known) == 1 else f"{mean} ± {form.replace('+', '').format(statistics.stdev(known))}"


def _caption(runs: Sequence[GuidelineRun]) -> str:
    first = runs[0]
    return (
        f"{first['images']:,} real images shown to D in each training; trainings of one seed share their order. "
        "Mean ± standard deviation over the seeds. Collapse alarm: number of trainings, and images seen at its onset. "
        "Diversity: mean distance between two samples, as a multiple of that between two real images. "
        f"Probe: L2-SVM on the final features, {first['probe']}; C is chosen on the rows that are scored, so the "
        "accuracies only serve to compare nets. Untrained: the same probe of each net before training. "
        "Against the baseline: difference in points, by seed. Samples: samples.webp, in row order."
    )


def _provenance(groups: dict[str, list[GuidelineRun]]) -> Provenance:
    made = []
    for group in groups.values():
        first, seeds = group[0], ", ".join(str(run["seed"]) for run in group)
        seconds = sum(run["seconds"] or 0.0 for run in group) / len(group)
        details = f"{first['date'][:10]}, {seconds:,.0f} s each; seeds: {seeds}"
        made.append(Made(first.guideline, first["command"], details))
    everything = list(itertools.chain.from_iterable(groups.values()))
    machines = dict.fromkeys(f"{run['device']}; {run['versions']}" for run in everything)
    return Provenance(tuple(made), f"The command is that of the first seed. Made on: {' | '.join(machines)}.")
