"""Names of image sets and files, made of text that a user or a file gave."""

import hashlib
import re
import unicodedata
from contextlib import suppress

LONGEST = 100
"""Characters of a set's name, and bytes of a part of a file's name; file systems allow 255 bytes for the whole."""
DIGITS = 6
LINE_BREAKS = ("Cc", "Zl", "Zp")
"""Unicode categories of control characters, and of line and paragraph separators."""


def plain_name(text: str, longest: int = LONGEST) -> str:
    """Return a name of one line: runs of spaces, line breaks and control characters become a space.

    Parts that are no Unicode are written as escapes. A name of more than ``longest`` characters is cut and ends in six
    digits of a hash, so that two long names stay two.
    """
    valid = unicode_text(text)
    name = " ".join("".join(" " if unicodedata.category(each) in LINE_BREAKS else each for each in valid).split())
    return name if len(name) <= longest else f"{name[: longest - DIGITS - 1].rstrip()}-{_digits(text)}"


def unicode_text(text: str) -> str:
    """Return a text that UTF-8 can encode: what a path holds beside Unicode is written as escapes.

    A path that Python has read in another encoding, such as ASCII in the locale C, is UTF-8 where its bytes are.
    """
    with suppress(UnicodeError):
        return text.encode("utf-8", "surrogateescape").decode()
    return text.encode("utf-8", "backslashreplace").decode()


def file_name(text: str) -> str:
    """Return a text as a file's name without its suffix, at most 100 bytes of letters, digits, dots, dashes and _.

    A name that had to be changed ends in six digits of a hash of the text, so that no two texts share a file.
    """
    name = re.sub(r"[^\w.-]+", "_", text)
    if name == text and len(name.encode()) <= LONGEST:
        return name
    return f"{shortened(name, LONGEST - DIGITS - 1)}-{_digits(text)}"


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text that takes at most ``longest`` bytes."""
    return text.encode()[:longest].decode(errors="ignore")


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
