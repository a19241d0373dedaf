"""Translation of the library's errors into click's, with exit statuses.

0: success. 1: failure, such as missing files or too little memory. 2: usage error. Signals: ``signals.STATUSES``.
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
"""Errors about a path, as opposed to errors of the machine or of the program."""
PARAMETER = re.compile(r"`(?P<name>[a-zA-Z]\w*)(?:=(?P<value>[^`]*))?`")
"""Parameter in an error message of the library, with or without a value."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of standard output, which name no path; writers of files report a full disk themselves."""


class FriendlyGroup(click.Group):
    """Group whose verbs print a ``UserError`` as one message that names the flag, without a traceback.

    Under torchrun every rank runs the verb; messages that concern all ranks are printed by the first.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, str]], **settings: Any):
        """Initialize click's group with the sections of the help text: titles, and the lines of verbs under each."""
        super().__init__(*args, **settings)
        self._sections = sections

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by section, without importing them."""
        widest = max(len(verb) for verbs in self._sections.values() for verb in verbs)
        for title, verbs in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(verb.ljust(widest), text) for verb, text in verbs.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Import the modules of ``--plugin`` first, at any position, so that verbs have the registered sources."""
        modules, others = plugins_of(args)
        if modules:
            from ..features import load_plugin  # late, since most commands need none

            try:
                for module in modules:
                    load_plugin(module)
            except UserError as error:
                raise click.BadParameter(str(error), ctx=ctx, param_hint="--plugin") from error
            except KeyboardInterrupt as stop:
                click.echo(_stop_message(stop, kept=False), err=True)
                ctx.exit(STATUSES["SIGINT"])
        return super().parse_args(ctx, others)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve two words as one verb if they name one, such as ``import run``."""
        verb = " ".join(args[:2])
        if len(args) > 1 and verb in self.commands:
            return verb, self.commands[verb], args[2:]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; raise ``UserError`` as a usage error if it names an option, otherwise as a plain error."""
        _check_current_folder()
        rank, _ = launched_rank()
        signals = ctx.with_resource(StopSignals())
        try:
            with shown_notices(rank == 0), explained_memory():
                return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            if rank == 0:
                with suppress(OSError):  # the terminal may be closed
                    click.echo(_stop_message(stop, signals.kept), err=True)
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
                    f"the output cannot be written ({error.strerror}); finished results are kept"
                ) from error
            if error.errno not in UNREACHABLE or error.filename is None:
                raise
            raise click.ClickException(
                f"{error.filename} cannot be accessed ({error.strerror}); change its permissions or use another path"
            ) from error

    def _options(self, ctx: click.Context) -> set[str]:
        """Return the long options of the current verb, without their dashes."""
        verb = self.commands[ctx.invoked_subcommand] if ctx.invoked_subcommand else self
        return {name.removeprefix("--") for param in verb.get_params(ctx) for name in param.opts}

    def with_flags(self, ctx: click.Context, text: str) -> str:
        """Replace the parameters in a message of the library by the flags of the current verb.

        ```batch_size``` becomes ``--batch-size``, ```pool=avg``` becomes ``--pool avg``; names that are no parameter
        of the verb are left unchanged.
        """

        def written(match: re.Match[str]) -> str:
            flag = self._flag(ctx, match["name"])
            if flag is None:
                return match[0]
            return flag if match["value"] in (None, "True") else f"{flag} {match['value']}"

        return PARAMETER.sub(written, text)

    def _flag(self, ctx: click.Context, parameter: str | None) -> str | None:
        """Return the current verb's name for a parameter of the library: a flag, or an argument of the usage line."""
        if parameter == "load_plugin":
            return "--plugin"
        verb = self.commands[ctx.invoked_subcommand] if ctx.invoked_subcommand else self
        for param in verb.get_params(ctx):
            if parameter == param.name:
                return param.opts[0] if isinstance(param, click.Option) else param.make_metavar(ctx)
        flag = f"--{(parameter or '').replace('_', '-')}"
        return flag if flag.removeprefix("--") in self._options(ctx) else None


def plugins_of(args: list[str]) -> tuple[list[str], list[str]]:
    """Split a command line into the modules of ``--plugin`` and the other arguments."""
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
    """Check that the current folder is readable: otherwise, importing torch ends the process."""
    try:
        os.getcwd()
    except OSError as error:
        raise click.ClickException(f"the current folder is unreadable ({error.strerror}); cd to another") from error


@contextmanager
def shown_notices(shown: bool) -> Iterator[None]:
    """Print each distinct ``Notice`` once on stderr, or none of them; other warnings are unchanged."""
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


def _stop_message(stop: KeyboardInterrupt, kept: bool) -> str:
    """Return the message of a verb that a signal ended."""
    name = stop.name if isinstance(stop, Stopped) else "SIGINT"
    by = "Interrupted" if name == "SIGINT" else f"Interrupted by {name}"
    if isinstance(stop, Stopped) and stop.saved:
        return f"{by}: {stop.saved}. Rerun the command to resume."
    if kept:
        return f"{by}. Finished work is kept; rerun the command to resume."
    return f"{by} before any work was finished; rerun the command to start it."
