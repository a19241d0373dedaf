"""Takes the name of a result table, gives the commands that make its rows, and the table once they have run."""

from pathlib import Path

import click
import torch

from ..evaluation import Protocol, Results, Summary, checked_protocol
from ..gan import Run
from ..report import format_tables
from ..reproductions import (
    ReleasedNet,
    Row,
    ScaleName,
    Table,
    images_seen,
    import_cost,
    reproduction,
    row_costs,
    trained_config,
    training_cost,
)
from ..runtime import UserError, resolve_device
from .compare import write_comparisons
from .steps import Given, Step, listed, needs


class ResultTable:
    """One result table, at one scale, in one folder of results."""

    def __init__(self, table: Table, scale: ScaleName, given: Given, authors: Path):
        self._name, self._given = f"{table} at scale {scale}", given
        self._wanted = reproduction(table, scale, authors)
        self._images = [given.load(self._wanted.dataset, split) for split in ("train", "test")]

    def found_rows(self) -> dict[Row, Summary]:
        """Find the rows that are in the records."""
        store = Results(self._given.results)
        protocols = dict.fromkeys(row.protocol for row in self._wanted.rows) if store.path.exists() else ()
        summaries = [summary for protocol in protocols for summary in store.summaries(protocol)]
        train, test = self._images
        prints = train.fingerprint, test.fingerprint
        found = {row: row.found_in(summaries, prints, self._protocol(row).draws) for row in self._wanted.rows}
        return {row: summary for row, summary in found.items() if summary is not None}

    def missing_steps(self) -> list[Step]:
        """Give the commands that are to be run, in their order."""
        there = self.found_rows()
        rows = [row for row in self._wanted.rows if row not in there]
        device = resolve_device(self._given.device)
        needed = {row.run for row in rows}
        training = self._training_step(device) if self._wanted.run_name in needed else None
        steps = [] if training is None else [training]
        steps += [self._import_step(net) for net in self._wanted.released if self._is_to_import(net, needed)]
        protocols = {row.protocol: self._protocol(row) for row in rows}
        costs = row_costs(rows, protocols, len(self._images[1]), self._wanted.scale, device)
        for row, cost in zip(rows, costs, strict=True):
            of_run = ("--run", str(self._given.runs / row.run)) if row.run else ()
            arguments = (*row.arguments, *of_run, *self._given.arguments(row.verb))
            steps.append(Step(row.verb, arguments, cost, needs_run=row.run))
        return steps

    def _training_step(self, device: torch.device) -> Step | None:
        """Give the command that trains the DCGAN; None if that is done."""
        config, run_name = trained_config(self._wanted, device), self._wanted.run_name
        run = Run(self._given.runs / run_name)
        seen = images_seen(run)
        if seen >= config.images:
            return None
        arguments = (*self._wanted.training, "--run", str(run.folder), *self._given.arguments("train"))
        try:
            images = self._given.load_unlabelled(self._wanted.scale.unlabelled)
        except UserError as error:
            return Step("train", arguments, makes_run=run_name, obstacle=str(error))
        return Step("train", arguments, training_cost(config, images, device, seen), makes_run=run_name)

    def _is_to_import(self, net: ReleasedNet, needed: set[str]) -> bool:
        return net.run_name in needed and not Run(self._given.runs / net.run_name).exists

    def _import_step(self, net: ReleasedNet) -> Step:
        """Return the command that imports a released net."""
        arguments = (str(net.folder), "--dataset", net.images, *self._given.arguments("import-authors"))
        try:
            images = self._given.load_unlabelled(net.images)
        except UserError as error:
            return Step("import-authors", arguments, makes_run=net.run_name, obstacle=str(error))
        return Step("import-authors", arguments, import_cost(net, images), makes_run=net.run_name)

    def _protocol(self, row: Row) -> Protocol:
        """Give the protocol that a row's command will take."""
        return checked_protocol(self._images, row.labels, row.draws, row.select_draws)

    def describe(self, steps: list[Step]) -> list[str]:
        """Give the lines of the plan."""
        runs = [step.verb for step in steps if step.makes_run]
        missing, number = len(steps) - len(runs), len(self._wanted.rows)
        total = f"{self._name}: {number} rows, {number - missing} of them in the records"
        if not steps:
            return [f"{total}; nothing to do.", *self._wanted.left_out]
        first = ["1 row" if missing == 1 else f"{missing} rows"]
        first += ["a training"] if "train" in runs else []
        first += ["an import of the authors' weights"] if "import-authors" in runs else []
        to_do = f"To do: {', '.join(first)}; {needs(steps)}, if no features are cached."
        return [f"{total}. {to_do}", *self._wanted.left_out, "", *listed(steps)]

    def write(self) -> None:
        """Print the table of what is there, and write the comparisons of its rows."""
        summaries = self.found_rows()
        click.echo(format_tables(summaries.values()).rstrip())
        for protocol in {row.protocol for row in summaries}:
            own = [summary for summary in summaries.values() if summary.protocol == protocol]
            write_comparisons(own, self._given.results)
