"""The error of a user's own input, and the notice of what was made of it."""


class UserError(ValueError):
    """Input, files or settings that the user can put right.

    The message says what was got, what was expected and what to do. The command line prints it without a traceback.
    """

    def __init__(self, message: str, *, option: str | None = None):
        """Keep ``message``, and in ``option`` the name of the setting that it is about (``"device"``), if any."""
        super().__init__(message)
        self.option = option


class Notice(UserWarning):
    """A fact about the input that no figure shows, such as files of a folder that are skipped.

    Issued by ``warnings.warn``. The command line prints each notice once, without the line of code.
    """
