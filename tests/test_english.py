"""Words that no docstring, message, comment, help text or page uses, since a native researcher would not write them."""

import ast
import re
import tokenize
from pathlib import Path

import pytest

import dcgan_probe

PACKAGE = Path(dcgan_probe.__file__).parent
PROJECT = PACKAGE.parent
OPENINGS = {
    *("Give", "Gives", "Take", "Takes", "Tell", "Tells", "Say", "Says", "Know", "Knows", "Let", "Lets", "Have"),
    *("What", "Which", "Where", "Whether", "How", "As", "That", "Those", "By", "In", "For", "Nothing", "One", "All"),
}
"""First words of docstrings: a function begins with a verb such as Return, Compute, Check; a module with a noun."""
WORDS = {
    "learnt": "learned",
    "told": "reported, shown",
    "tells?": "returns, shows, reports",
    "anew": "again",
    "lest": "so that ... not",
    "whoever|whichever|whatever": "name the noun",
    "knows?": "code does not know: uses, imports, depends on",
    "wants?": "needs, requires",
    "wished|wishes": "options, requests",
    "goes on|go on|gone on|going on": "resumes, continues",
    "in (the|its|their) place of|in place of": "instead of",
    "in its place|in their place": "instead",
    "are there|is not there|be there": "exist, are available",
    "asked for": "requested",
    "beforehand": "first, in advance",
    "on the spot": "name the time or place",
    "of one's own|your own ones": "custom",
    "not to be had": "not available",
    "spared": "omitted",
    "surest|how surely": "highest-scoring; log-odds",
    "bar \\w+|but for": "except",
    "parted": "separated",
    "hence|thereof|whereof|whilst|amongst|upon|thus|henceforth|therein": "plain words",
    "behaviour|colour(s|ed)?|favour|neighbour(s|hood|ing)?|labour": "American spelling",
    "centre[ds]?|centring|grey(s|scale)?|judgement|licence|labelled|labelling|modelling|cancelled": "American spelling",
    "(normal|optim|initial|penal|standard|minim|maxim|regular|summar|vector|recogn)is(e|ed|es|er|ers|ing|ation)": "ize",
}
STORED = {'"nearest neighbours"'}
"""Strings that enter a seed."""
ALLOWED = {"standardise", "standardise=True", "standardised"}
"""British where it is a name that users type, or stands in records."""
FIND = re.compile("|".join(rf"(?P<w{number}>\b(?:{word})\b)" for number, word in enumerate(WORDS)), re.IGNORECASE)
CODE = re.compile(r"``[^`]*``|`[^`]*`|\{[^{}]*\}")


def offences(text):
    """Yield each banned word of a prose text with a better one; names in backticks and fields of f-strings are code."""
    for match in FIND.finditer(CODE.sub(" ", text)):
        if match[0] not in ALLOWED:
            yield f"{match[0]!r} ({list(WORDS.values())[int(match.lastgroup[1:])]})"


def prose_of(path):
    """Yield (line, text) of each comment and string of a module that has more than one word."""
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            comment = token.type == tokenize.COMMENT and not token.string.startswith(("#!", "# type", "# noqa"))
            if comment or (token.type == tokenize.STRING and " " in token.string and token.string not in STORED):
                yield token.start[0], token.string


def openings_of(path):
    """Yield (line, first word) of each docstring of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            yield getattr(node, "lineno", 1), (re.match(r"[A-Za-z]+", text) or [""])[0]


@pytest.mark.parametrize("room", sorted(path.name for path in PACKAGE.iterdir() if path.name[:2] not in ("__", "py")))
def test_the_english_of_the_package(room):
    found = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        here = path.relative_to(PROJECT).as_posix()
        found += [f"{here}:{line}: {each}" for line, text in prose_of(path) for each in offences(text)]
        found += [f"{here}:{line}: opens with {word}" for line, word in openings_of(path) if word in OPENINGS]
    assert not found, "\n".join(found)
