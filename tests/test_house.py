"""Rules of the house, checked in the source: imports between rooms, names and sizes of modules."""

import ast
import textwrap
from pathlib import Path

import pytest

import dcgan_probe

PACKAGE = Path(dcgan_probe.__file__).parent
NAME = "dcgan_probe"
FLOORS = {
    "runtime": 0,
    "storage": 0,
    "images": 1,
    "networks": 1,
    "linear": 1,
    "gan": 2,
    "deduplication": 2,
    "features": 3,
    "evaluation": 4,
    "investigations": 4,
    "presets": 5,
    "report": 5,
    "reproduce": 6,
    "cli": 7,
    "__init__": 7,  # the package's face: everything but the command line
    "__main__": 8,
}
ALLOWED_SIDEWAYS = {("storage", "runtime")}  # every file that is written may end in a user's error
LONGEST, LONGEST_CODE = 70, 45
"""Largest number of lines of a function, with and without its docstring."""
LONGER = {"linear/_solver/solver.py: solve"}  # its docstring is the solver's manual
NO_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}


def offences(source, path):
    """Return ``line number: line: reason`` for each import in the source of module ``path`` that breaks the rule.

    ``path`` is relative to the package: ``gan/run.py``, ``__init__.py``.
    """
    module = Path(path)
    room = module.parts[0].removesuffix(".py")
    lines, found = source.splitlines(), []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for target in targets(node, module):
            reason = judge(room, target)
            if reason:
                found.append(f"{path}:{node.lineno}: {lines[node.lineno - 1].strip()}: {reason}")
    return found


def targets(node, module):
    """Return the absolute dotted names that an import statement of ``module`` imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    here = [NAME, *module.parts[:-1]]  # the package that a single dot means
    if node.level > len(here):
        return [f"{NAME}.(above the package)"]
    base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
    base = ".".join(part for part in (base, node.module) if part)
    # ``from .. import gan`` names rooms after the word import.
    return [f"{base}.{alias.name}" for alias in node.names] if base == NAME else [base]


def judge(room, target):
    top, *rest = target.split(".")
    if top == "click":
        return None if room == "cli" else "only cli may import click"
    if top != NAME:
        return None
    other = rest[0] if rest else ""
    if other == room:
        return None
    if other not in FLOORS:
        return f"{target} is no room of the house"
    if room not in FLOORS:
        return f"{room} has no floor"
    if FLOORS[other] < FLOORS[room] or (room, other) in ALLOWED_SIDEWAYS:
        return None
    return f"{room} (floor {FLOORS[room]}) may not import {other} (floor {FLOORS[other]})"


def modules():
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def test_modules_import_from_lower_floors_only():
    found = [line for path in modules() for line in offences((PACKAGE / path).read_text(encoding="utf-8"), path)]
    assert not found, "\n".join(found)


def test_one_picture_of_the_house_stands_everywhere():
    docstring = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")))
    picture = textwrap.indent(textwrap.dedent(docstring.split("::\n\n")[1].split("\n\nA module")[0]), " ")
    drawn = [line.split()[1:] for line in picture.splitlines() if line.split()[:1] and line.split()[0].isdigit()]
    rooms = {room for line in drawn for room in line if room in FLOORS}
    assert rooms == {room for room in FLOORS if not room.startswith("__")}
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (PACKAGE.parent / document).read_text(encoding="utf-8")
        assert f"```\n{picture}\n```" in text, document


def test_every_room_has_a_floor():
    rooms = {Path(path).parts[0].removesuffix(".py") for path in modules()}
    assert rooms - {"__init__"} <= set(FLOORS)


def test_no_module_has_a_name_that_says_nothing():
    parts = {part.removesuffix(".py").strip("_") for path in modules() for part in Path(path).parts}
    assert not parts & NO_NAMES


def test_the_first_line_of_every_module_says_what_it_is():
    silent = [
        path for path in modules() if not ast.get_docstring(ast.parse((PACKAGE / path).read_text(encoding="utf-8")))
    ]
    assert not silent


def too_long(source, path):
    """Return ``path: function: lines, lines without the docstring`` of each function that does not fit a screen."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines, first = node.end_lineno - node.lineno + 1, node.body[0]
            code = lines - (first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0)
            if code > LONGEST_CODE or (lines > LONGEST and f"{path}: {node.name}" not in LONGER):
                found.append(f"{path}: {node.name}: {lines}, {code}")
    return found


def test_functions_fit_a_screen():
    found = [line for path in modules() for line in too_long((PACKAGE / path).read_text(encoding="utf-8"), path)]
    assert not found, "\n".join(found)


def test_long_function_is_found_wherever_it_stands():
    code = "def short():\n    pass\n\n\nclass Thing:\n    def long(self):\n" + "        pass\n" * LONGEST_CODE
    assert too_long(code, "images/x.py") == [f"images/x.py: long: {LONGEST_CODE + 1}, {LONGEST_CODE + 1}"]
    text = "def long():\n    '''words" + "\n" * LONGEST + "'''\n"
    assert too_long(text, "images/x.py") == [f"images/x.py: long: {LONGEST + 2}, 1"]
    assert too_long(text.replace("long", "solve"), "linear/_solver/solver.py") == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("images/sets.py", "from ..gan import Run"),
        ("images/sets.py", "from ..networks import Discriminator"),
        ("images/sets.py", "from ..networks.generator import draw_z"),
        ("images/sets.py", "from .. import linear"),
        ("images/sets.py", "from .. import runtime, gan"),
        ("images/sets.py", "from .. import L2SVMClassifier"),
        ("images/sets.py", "import dcgan_probe.cli.train"),
        ("images/sets.py", "import numpy, dcgan_probe.gan"),
        ("images/sets.py", "import dcgan_probe"),
        ("images/sets.py", "from dcgan_probe import gan"),
        ("images/sets.py", "from dcgan_probe.gan.run import Run"),
        ("images/deep/er.py", "from ...gan import Run"),
        ("images/deep/er.py", "from ... import gan"),
        ("images/sets.py", "from ... import gan"),
        ("images/sets.py", "from ..unknown import thing"),
        ("images/__init__.py", "from ..gan import Run"),
        ("runtime/seeds.py", "from ..storage import locked"),
        ("evaluation/records.py", "from ..investigations import walk"),
        ("investigations/walk.py", "from ..evaluation import records"),
        ("report/page.py", "from ..presets import TrainingPlan"),
        ("presets/plan.py", "from ..report import page"),
        ("presets/plan.py", "from .. import cli"),
        ("gan/run.py", "from ..features import encoders"),
        ("gan/run.py", "import click"),
        ("report/page.py", "from click.testing import CliRunner"),
        ("__init__.py", "from .cli import main"),
        ("strange/thing.py", "from ..runtime import UserError"),
    ],
)
def test_offending_line_is_found_wherever_it_stands(path, line):
    for source in (
        line,
        f"import os\n\n\nclass Thing:\n    {line}\n",
        f"try:\n    {line}\nexcept ImportError:\n    pass\n",
        f"def late():\n    if True:\n        {line}\n",
        f"from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    {line}\n",
    ):
        found = offences(source, path)
        assert len(found) == 1
        assert found[0].startswith(f"{path}:{source[: source.index(line)].count(chr(10)) + 1}: {line}: ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("storage/files.py", "from ..runtime import UserError"),
        ("storage/files.py", "from .fingerprints import fingerprint_tensors"),
        ("storage/files.py", "from . import fingerprints"),
        ("gan/run.py", "from ..networks import Discriminator"),
        ("gan/run.py", "from .. import images, networks"),
        ("gan/deep/er.py", "from .. import run"),
        ("gan/deep/er.py", "from ...images import ImageSet"),
        ("gan/run.py", "import dcgan_probe.images"),
        ("presets/plan.py", "from ..gan import TrainConfig"),
        ("cli/train.py", "import click"),
        ("cli/train.py", "from ..report import table"),
        ("__main__.py", "from .cli import main"),
        ("__init__.py", "from .report import result_table"),
        ("images/sets.py", "import clicker, dcgan_probe_extra"),
    ],
)
def test_allowed_line_passes(path, line):
    assert offences(line, path) == []
