"""Errors and notices about a user's input."""


class UserError(ValueError):
    """Error in input, files or settings that the user can correct.

    The message states the received value, the expected value and a remedy. The command line prints it without a
    traceback.
    """

    def __init__(self, message: str, *, option: str | None = None):
        """Create the error.

        Parameters
        ----------
        message
            Message of the error.
        option
            Name of the parameter that the message is about, such as ``"device"``; None for no single parameter.
        """
        super().__init__(message)
        self.option = option


class Notice(UserWarning):
    """Notice about the input that no result shows, such as skipped files of a folder.

    Notices are issued by ``warnings.warn``. The command line prints each notice once, without the line of code.
    """
