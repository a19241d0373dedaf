"""Takes the library's errors, gives click's; knows every exit status.

Exit 0: done. 1: the files or the machine at hand do not allow it. 2: usage. After a signal: ``signals.STATUSES``.
"""

import errno
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import click

from ..runtime import FirstRankError, Notice, UserError, explained_memory, launched_rank
from .foreign_options import explained
from .signals import STATUSES, Stopped, StopSignals

UNREACHABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    *(errno.ENAMETOOLONG, errno.ELOOP),
)
"""Errors of a path, as opposed to those of the machine or of the program."""
PARAMETER = re.compile(r"`(?P<name>[a-zA-Z]\w*)(?:=(?P<value>[^`]*))?`")
"""A parameter in a message of the library, with or without a value."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of standard output, where no path is named: files report a full disk themselves."""


class FriendlyGroup(click.Group):
    """A group whose verbs print a ``UserError`` as one message, with the flag that it is about, and no traceback.

    Under torchrun every rank runs the verb; what concerns all of them is told by the first.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, str]], **settings: Any):
        """Take click's settings, and the lines of the help: titles, and under each the verbs with a line of text."""
        super().__init__(*args, **settings)
        self._sections = sections

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by sections; none is imported for it."""
        widest = max(len(verb) for verbs in self._sections.values() for verb in verbs)
        for title, verbs in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(verb.ljust(widest), text) for verb, text in verbs.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Import the modules of ``--plugin`` first, wherever it stands, so that verbs have what they register."""
        modules, others = plugins_of(args)
        if modules:
            from ..features import load_plugin  # late, since most commands need none

            try:
                for module in modules:
                    load_plugin(module)
            except UserError as error:
                raise click.BadParameter(str(error), ctx=ctx, param_hint="--plugin") from error
            except KeyboardInterrupt as stop:
                click.echo(_farewell(stop, kept=False), err=True)
                ctx.exit(STATUSES["SIGINT"])
        return super().parse_args(ctx, others)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take two words for one verb where they name one: ``import run``."""
        verb = " ".join(args[:2])
        if len(args) > 1 and verb in self.commands:
            return verb, self.commands[verb], args[2:]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; turn ``UserError`` into a usage error where it names an option, else into a plain one."""
        _check_current_folder()
        rank, _ = launched_rank()
        signals = ctx.with_resource(StopSignals())
        try:
            with shown_notices(rank == 0), explained_memory():
                return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            if rank == 0:
                with suppress(OSError):  # of a terminal that was closed
                    click.echo(_farewell(stop, signals.kept), err=True)
            ctx.exit(stop.status if isinstance(stop, Stopped) else STATUSES["SIGINT"])
        except FirstRankError:
            ctx.exit(1)
        except UserError as error:
            flag, text = self._flag(ctx, error.parameter), self.with_flags(ctx, str(error))
            if flag is None:
                raise click.ClickException(text) from error
            raise click.BadParameter(text, param_hint=flag) from error
        except click.NoSuchOption as error:
            raise explained(error, ctx.invoked_subcommand or "", self._options(ctx)) from error
        except OSError as error:
            if error.errno in FULL and error.filename is None:
                raise click.ClickException(
                    f"the output cannot be written ({error.strerror}); results that were finished are kept"
                ) from error
            if error.errno not in UNREACHABLE or error.filename is None:
                raise
            raise click.ClickException(
                f"{error.filename} cannot be reached ({error.strerror}); allow this user to, or give another path"
            ) from error

    def _options(self, ctx: click.Context) -> set[str]:
        """Give the long options of the verb under way, without their dashes."""
        verb = self.commands[ctx.invoked_subcommand] if ctx.invoked_subcommand else self
        return {name.removeprefix("--") for param in verb.get_params(ctx) for name in param.opts}

    def with_flags(self, ctx: click.Context, text: str) -> str:
        """Write the parameters in a message of the library as the flags of the verb under way.

        ```batch_size``` becomes ``--batch-size``, ```pool=avg``` becomes ``--pool avg``; what is no parameter of the
        verb stays.
        """

        def written(match: re.Match[str]) -> str:
            flag = self._flag(ctx, match["name"])
            if flag is None:
                return match[0]
            return flag if match["value"] in (None, "True") else f"{flag} {match['value']}"

        return PARAMETER.sub(written, text)

    def _flag(self, ctx: click.Context, parameter: str | None) -> str | None:
        """Return how the verb under way names a parameter of the library: a flag, or an argument of its usage line."""
        if parameter == "load_plugin":
            return "--plugin"
        verb = self.commands[ctx.invoked_subcommand] if ctx.invoked_subcommand else self
        for param in verb.get_params(ctx):
            if parameter == param.name:
                return param.opts[0] if isinstance(param, click.Option) else param.make_metavar(ctx)
        flag = f"--{(parameter or '').replace('_', '-')}"
        return flag if flag.removeprefix("--") in self._options(ctx) else None


def plugins_of(args: list[str]) -> tuple[list[str], list[str]]:
    """Divide a command line into the modules of ``--plugin`` and all other arguments."""
    modules, others = list[str](), list[str]()
    left = iter(args)
    for each in left:
        if each == "--":
            others += [each, *left]
        elif each == "--plugin":
            module = next(left, None)
            if module is None or module.startswith("-"):
                raise click.BadOptionUsage("plugin", "Option '--plugin' requires an argument.")
            modules.append(module)
        elif each.startswith("--plugin="):
            modules.append(each.removeprefix("--plugin="))
        else:
            others.append(each)
    return modules, others


def _check_current_folder() -> None:
    """Refuse a current folder that is gone or unreadable: importing torch ends the process there."""
    try:
        os.getcwd()
    except OSError as error:
        raise click.ClickException(f"the current folder is unreadable ({error.strerror}); cd to another") from error


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


def _farewell(stop: KeyboardInterrupt, kept: bool) -> str:
    """Return the message of a verb that a signal has ended."""
    name = stop.name if isinstance(stop, Stopped) else "SIGINT"
    by = "Interrupted" if name == "SIGINT" else f"Interrupted by {name}"
    if isinstance(stop, Stopped) and stop.saved:
        return f"{by}: {stop.saved}. Rerun the command to resume."
    if kept:
        return f"{by}. Finished work is kept; rerun the command to resume."
    return f"{by} before any work was finished; rerun the command to start it."
