"""Parameters in messages of the library, shown by the command line as flags of the verb."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import dcgan_probe
from dcgan_probe.cli import main

PACKAGE = Path(dcgan_probe.__file__).parent
FLAG = re.compile(r"(?<![\w`-])--[a-z][a-z-]+")
COMMAND = re.compile(r"`[^`]*`|dcgan-probe .*")


def written(text, verb="train"):
    with main.make_context("dcgan-probe", [verb], resilient_parsing=True) as context:
        context.invoked_subcommand = verb
        return main.with_flags(context, text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a larger `batch_size`", "a larger --batch-size"),
        ("take `precision=float32`", "take --precision float32"),
        ("set `sync_norm=True`", "set --sync-norm"),
        ("give another `run`", "give another --run"),
        ("of `unknown_thing`", "of `unknown_thing`"),
        ("`ulimit -v` allows", "`ulimit -v` allows"),
        ("with `dcgan-probe prepare x --size 32`", "with `dcgan-probe prepare x --size 32`"),
    ],
)
def test_parameters_become_flags_of_the_verb(text, shown):
    assert written(text) == shown


def test_a_parameter_of_another_verb_stays():
    assert written("a smaller `memory`", "train") == "a smaller `memory`"
    assert written("a smaller `memory`", "eval-svm") == "a smaller --memory"


def test_a_refusal_of_the_library_is_printed_with_flags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["train", "--dataset", "glyphs:300", "--keep", "best", "--dry-run"])
    assert result.exit_code == 2
    assert "Invalid value for --keep: got --keep best without a probe" in result.output
    assert "give --probe-every" in " ".join(result.output.split())


def test_messages_of_the_library_have_flags_only_in_commands():
    found = []
    for path in PACKAGE.rglob("*.py"):
        if "cli" in path.relative_to(PACKAGE).parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            text = line.lstrip()
            if "raise UserError" in line or (text.startswith(('f"', '"')) and not text.startswith('"""')):
                rest = COMMAND.sub("", line)
                if "parameter=" not in rest.partition("raise UserError")[0] and FLAG.search(rest):
                    found.append(f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}")
    allowed = (
        "--preset conditional",
        "convert-results",
        "--nproc-per-node",
        "--no-locks",
        "--against writes",
        "--number",
        "--resample",
        "--channels",
        "--size",
    )
    assert [line for line in found if not any(word in line for word in allowed)] == []
