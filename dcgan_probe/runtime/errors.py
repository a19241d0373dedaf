"""Errors and notices about a user's input."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(ValueError):
    """Error in input, files or settings that the user can correct.

    The message states the received value, the expected value and a remedy. The command line prints it without a
    traceback.
    """

    def __init__(self, message: str, *, parameter: str | None = None):
        """Create the error.

        Parameters
        ----------
        message
            Message of the error.
        parameter
            Name of the parameter that the message is about, such as ``"device"``; None for no single parameter.
        """
        super().__init__(message)
        self.parameter = parameter


class Notice(UserWarning):
    """Notice about the input that no result shows, such as skipped files of a folder.

    Notices are issued by ``warnings.warn``. The command line prints each notice once, without the line of code.
    """


@contextmanager
def located(place: str, parameter: str | None = None) -> Iterator[None]:
    """Put a place before the text of a ``UserError``, which is then about ``parameter``."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{place}: {error}", parameter=parameter) from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean rows?)`` where a name is like a known one, else an empty text."""
    from difflib import get_close_matches  # late, since errors alone need it

    like = get_close_matches(name, list(known), n=1)
    return f" (did you mean {like[0]}?)" if like else ""


def require_instance(value: object, kind: type, parameter: str, made: str = "") -> None:
    """Raise ``UserError`` for a value of another class; ``made`` says how one of the class is made."""
    if not isinstance(value, kind):
        how = f", which {made} makes" if made else ""
        got = repr(value) if isinstance(value, str | int | float | Path) else type(value).__name__
        raise UserError(f"got {got} as `{parameter}`, expected {kind.__name__}{how}", parameter=parameter)
