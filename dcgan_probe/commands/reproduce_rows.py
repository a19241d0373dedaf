"""Takes the name of a result table, gives the commands that make its rows, and the table once they have run."""

import click
import torch

from ..evaluation import Protocol, Results, Summary
from ..gan import Run
from ..report import format_tables
from ..reproductions import (
    Cost,
    Row,
    ScaleName,
    Table,
    images_seen,
    reproduction,
    row_costs,
    trained_config,
    training_cost,
)
from ..runtime import UserError, resolve_device
from .compare import write_comparisons
from .evaluate import checked_protocol
from .steps import Given, Step, listed, needs


class ResultTable:
    """One result table, at one scale, in one folder of results."""

    def __init__(self, table: Table, scale: ScaleName, given: Given):
        self._name, self._given = f"{table} at scale {scale}", given
        self._wanted = reproduction(table, scale)
        self._images = [given.load(self._wanted.dataset, split) for split in ("train", "test")]
        self._run = Run(given.runs / self._wanted.run_name)

    def found_rows(self) -> dict[Row, Summary]:
        """Find the rows that are in the records."""
        store = Results(self._given.results)
        summaries = store.summaries() if store.path.exists() else []
        train, test = self._images
        prints = train.fingerprint, test.fingerprint
        found = {row: row.found_in(summaries, prints, self._protocol(row).draws) for row in self._wanted.rows}
        return {row: summary for row, summary in found.items() if summary is not None}

    def missing_steps(self) -> list[Step]:
        """Give the commands that are to be run, in their order."""
        there = self.found_rows()
        rows = [row for row in self._wanted.rows if row not in there]
        device = resolve_device(self._given.device)
        training = self._training_step(device) if any(row.needs_run for row in rows) else None
        steps = [] if training is None else [training]
        protocols = {row.protocol: self._protocol(row) for row in rows}
        costs = row_costs(rows, protocols, len(self._images[1]), self._wanted.scale, device)
        for row, cost in zip(rows, costs, strict=True):
            of_run = ("--run", str(self._run.folder)) if row.needs_run else ()
            arguments = (*row.arguments, *of_run, *self._given.arguments(row.verb))
            steps.append(Step(row.verb, arguments, cost, needs_run=row.needs_run))
        return steps

    def _training_step(self, device: torch.device) -> Step | None:
        """Give the command that trains the DCGAN; None if that is done."""
        config = trained_config(self._wanted, device)
        seen = images_seen(self._run)
        if seen >= config.images:
            return None
        arguments = (*self._wanted.training, "--run", str(self._run.folder), *self._given.arguments("train"))
        try:
            images = self._given.load_unlabelled(self._wanted.scale.unlabelled)
        except UserError as error:
            return Step("train", arguments, Cost(0.0, 0), obstacle=str(error))
        return Step("train", arguments, training_cost(config, images, device, seen))

    def _protocol(self, row: Row) -> Protocol:
        """Give the protocol that a row's command will take."""
        return checked_protocol(self._images, row.labels, row.draws, row.select_draws)

    def describe(self, steps: list[Step]) -> list[str]:
        """Give the lines of the plan."""
        trainings = sum(step.verb == "train" for step in steps)
        missing, number = len(steps) - trainings, len(self._wanted.rows)
        total = f"{self._name}: {number} rows, {number - missing} of them in the records"
        if not steps:
            return [f"{total}; nothing to do."]
        rows = "1 row" if missing == 1 else f"{missing} rows"
        to_do = f"To do: {rows}{' and a training' if trainings else ''}, {needs(steps)}, if no features are cached."
        return [f"{total}. {to_do}", "", *listed(steps)]

    def write(self) -> None:
        """Print the table of what is there, and write the comparisons of its rows."""
        summaries = self.found_rows()
        click.echo(format_tables(summaries.values()).rstrip())
        for protocol in {row.protocol for row in summaries}:
            own = [summary for summary in summaries.values() if summary.protocol == protocol]
            write_comparisons(own, Results(self._given.results), self._given.results)
