"""Takes a verb's arguments, gives the command line that records and run folders name; knows no option."""

import shlex

import click

_KEY = "dcgan_probe.arguments"


class RecordedCommand(click.Command):
    """A verb that remembers how it was called, by a shell or by another verb."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments as they were given."""
        ctx.meta[_KEY] = ["dcgan-probe", str(self.name), *args]
        return super().parse_args(ctx, args)


def called_as() -> list[str]:
    """Give the program, the verb under way and its arguments."""
    return list(click.get_current_context().meta[_KEY])


def command_line() -> str:
    """Give the same as one line that a shell takes."""
    return shlex.join(called_as())
