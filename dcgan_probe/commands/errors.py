"""Takes the library's errors, gives click's; knows every exit status.

Exit 0: done. 1: the files or the machine at hand do not allow it. 2: usage. 130: interrupted.
"""

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from ..runtime import FirstRankError, Notice, UserError, launched_rank

RESUMED = ("train", "extract", "eval-svm", "eval-supervised", "reproduce", "job", "convert-results")
"""The verbs that keep what they finished, and go on from there."""
GOES_ON = "What was finished is kept; the same command goes on from there."
BEGINS_ANEW = "The same command begins anew; only features of whole sets that were computed are kept."


class FriendlyGroup(click.Group):
    """A group whose verbs print a ``UserError`` as one message, with the flag that it is about, and no traceback.

    Under torchrun every rank runs the verb; what concerns all of them is told by the first.
    """

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; turn ``UserError`` into a usage error where it names an option, else into a plain one."""
        rank, _ = launched_rank()
        try:
            with shown_notices(rank == 0):
                return super().invoke(ctx)
        except KeyboardInterrupt:
            if rank == 0:
                anew = ctx.invoked_subcommand not in RESUMED
                click.echo(f"Interrupted. {BEGINS_ANEW if anew else GOES_ON}", err=True)
            ctx.exit(130)
        except FirstRankError:
            ctx.exit(1)
        except UserError as error:
            if error.option not in self._options(ctx):
                raise click.ClickException(str(error)) from error
            raise click.BadParameter(str(error), param_hint=f"--{error.option}") from error

    def _options(self, ctx: click.Context) -> set[str]:
        """Give the long options of the verb under way, without their dashes."""
        verb = self.commands[ctx.invoked_subcommand] if ctx.invoked_subcommand else self
        return {name.removeprefix("--") for param in verb.params for name in param.opts}


@contextmanager
def shown_notices(shown: bool) -> Iterator[None]:
    """Print each different ``Notice`` once on stderr, or none; other warnings stay as they are."""
    before, said = warnings.showwarning, set[str]()

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, Notice):
            before(message, category, *place, **more)
        elif shown and str(message) not in said:
            said.add(str(message))
            click.echo(f"Note: {message}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", Notice)
        warnings.showwarning = show
        yield


class StopRequest:
    """Catches Ctrl-C and SIGTERM while a verb runs, so that it can save first; a second signal ends it at once."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> "StopRequest":
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self) -> bool:
        """Tell whether a signal came."""
        return self.requested
