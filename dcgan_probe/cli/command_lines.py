"""Command lines of verbs, as records and run folders name them."""

import shlex
from typing import Any

import click

from .first_checks import check_first, check_run

_KEY = "dcgan_probe.arguments"


class RecordedCommand(click.Command):
    """A verb that remembers how it was called, by a shell or by another verb."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments as they were given."""
        ctx.meta[_KEY] = ["dcgan-probe", *str(self.name).split(), *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Check what needs no library of numbers, then run the verb, which imports them."""
        check_first(ctx.params)
        return super().invoke(ctx)


class RunCommand(RecordedCommand):
    """A verb that needs a run: the one of ``--run``, or the one trained last."""

    def invoke(self, ctx: click.Context) -> Any:
        """Check that there is such a run, then run the verb."""
        check_run(ctx.params["run_folder" if "run_folder" in ctx.params else "run"], ctx.params["runs"])
        return super().invoke(ctx)


def called_as() -> list[str]:
    """Give the program, the verb under way and its arguments."""
    return list(click.get_current_context().meta[_KEY])


def command_line() -> str:
    """Give the same as one line that a shell takes."""
    return shlex.join(called_as())
