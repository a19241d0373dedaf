"""Command lines of verbs, as recorded in results and run folders."""

import shlex
from typing import Any

import click

_KEY = "dcgan_probe.arguments"


class RecordedCommand(click.Command):
    """Verb that records its command line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Record the arguments as typed."""
        ctx.meta[_KEY] = ["dcgan-probe", *str(self.name).split(), *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the checks that need no numeric library, then the verb, which imports such libraries."""
        from .early_checks import check_first  # late, since no help text needs it

        check_first(ctx.params)
        return super().invoke(ctx)


class RunCommand(RecordedCommand):
    """Verb that needs a run: the one named by ``--run``, or the one trained last."""

    def invoke(self, ctx: click.Context) -> Any:
        """Check that the run exists, then run the verb."""
        from .early_checks import check_run

        check_run(ctx.params["run_folder" if "run_folder" in ctx.params else "run"], ctx.params["runs"])
        return super().invoke(ctx)


def called_as() -> list[str]:
    """Return the program, the current verb and its arguments."""
    return list(click.get_current_context().meta[_KEY])


def command_line() -> str:
    """Return the current command line, quoted for a shell."""
    return shlex.join(called_as())
