"""Names of image sets and files, built from any text."""

import hashlib
import re
import unicodedata
from contextlib import suppress

LONGEST = 100
"""Characters of a set's name, and bytes of one part of a file name; file systems allow 255 bytes in total."""
DIGITS = 6
LINE_BREAKS = ("Cc", "Zl", "Zp")
"""Unicode categories of control characters, and of line and paragraph separators."""


def plain_name(text: str, longest: int = LONGEST) -> str:
    """Return a text as a name of one line.

    Runs of spaces, line breaks and control characters become one space, and invalid Unicode is escaped. A name of more
    than ``longest`` characters is cut and ends in six digits of a hash, so that different long names stay different.
    """
    valid = unicode_text(text)
    name = " ".join("".join(" " if unicodedata.category(each) in LINE_BREAKS else each for each in valid).split())
    return name if len(name) <= longest else f"{name[: longest - DIGITS - 1].rstrip()}-{_digits(text)}"


def unicode_text(text: str) -> str:
    """Return a text that can be encoded in UTF-8, with invalid Unicode as escapes.

    A path that Python has decoded with surrogates, such as in the ASCII encoding of the locale C, is decoded again as
    UTF-8 if its bytes are valid UTF-8.
    """
    with suppress(UnicodeError):
        return text.encode("utf-8", "surrogateescape").decode()
    return text.encode("utf-8", "backslashreplace").decode()


def file_name(text: str) -> str:
    """Return a text as a file name without suffix: at most 100 bytes of letters, digits, dots, dashes and underscores.

    A changed name ends in six digits of a hash of the text, so that different texts have different files.
    """
    name = re.sub(r"[^\w.-]+", "_", text)
    if name == text and len(name.encode()) <= LONGEST:
        return name
    return f"{shortened(name, LONGEST - DIGITS - 1)}-{_digits(text)}"


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text, at most ``longest`` bytes in UTF-8."""
    return text.encode()[:longest].decode(errors="ignore")


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
