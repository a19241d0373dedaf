"""Names of files: the same for the same settings, never the same for others."""

import re

import click
import pytest

from dcgan_probe.commands import main
from dcgan_probe.commands.output_names import LONGEST, output_name

LOOKS = ["arithmetic", "eval-generated", "forget", "saliency", "turn", "walk", "sample"]
VALUES = {"--concept": "a=1", "--from": "a=1", "--to": "b=2"}


def named(verb, *arguments, readable="look"):
    """Give the name that a call of a verb would give its files."""
    command = main.commands[verb]
    needed = [text for name in ("--from", "--to") if verb == "turn" for text in (name, VALUES[name])]
    with command.make_context(verb, [*needed, *map(str, arguments)]) as context, context.scope():
        return output_name([readable], context.params["seed"])


def other_value(param):
    """Give a value of an option that is not its default."""
    if isinstance(param.type, click.Choice):
        return next(choice for choice in param.type.choices if choice != param.default)
    numeric = isinstance(param.type, click.types.IntParamType | click.types.FloatParamType)
    return 5 if numeric or param.type.name in ("count", "numbers") else "b=7"


@pytest.mark.parametrize("verb", LOOKS)
def test_every_setting_that_changes_the_result_changes_the_name(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b=7").write_text("[]")
    names = {named(verb)}
    elsewhere = {"--run", "--runs", "--device", "--data-dir", "--download", "--name", "--json", "--quiet"}
    options = [param for param in main.commands[verb].params if not elsewhere & set(param.opts)]
    for param in options:
        value = [] if getattr(param, "is_flag", False) else [other_value(param)]
        names.add(named(verb, param.opts[0], *value))
    assert len(names) == len(options) + 1


@pytest.mark.parametrize("verb", LOOKS)
def test_where_to_read_and_to_compute_changes_no_name(verb):
    assert named(verb) == named(verb, "--run", "r", "--device", "cpu", "--quiet")


def test_the_content_of_a_file_changes_the_name(tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text("[1]")
    before = named("forget", "--boxes", path)
    copy = tmp_path / "copy.json"
    copy.write_text("[1]")
    assert named("forget", "--boxes", copy) == before
    path.write_text("[2]")
    assert named("forget", "--boxes", path) != before


def test_a_long_name_keeps_seed_and_digits():
    name = named("walk", "--seed", "3", readable="x" * 500)
    assert re.fullmatch(rf"x{{{LONGEST}}}-s3-[0-9a-f]{{6}}", name)
