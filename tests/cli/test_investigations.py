"""File names of the committed investigations, derived from their recorded commands."""

import shlex
from pathlib import Path

import pytest

from dcgan_probe import ArithmeticConfig, ForgetConfig, SaliencyConfig, TurnConfig, WalkConfig
from dcgan_probe.cli import main
from dcgan_probe.cli.config_options import config_of
from dcgan_probe.investigations.output_names import output_name, settings_digits
from dcgan_probe.storage import read_json

PROJECT = Path(__file__).parents[2]
CONFIGS = {each.verb: each for each in (ArithmeticConfig, ForgetConfig, SaliencyConfig, TurnConfig, WalkConfig)}
COMMITTED = [
    path
    for path in sorted(PROJECT.glob("results/investigations/*/*-s[0-9]-*.json"))
    if not path.name.endswith("-boxes.json")
]
ELSEWHERE = {"run_folder", "runs", "device", "data_dir", "download", "name", "as_json", "quiet"}


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_the_recorded_command_gives_the_recorded_name(path, monkeypatch):
    monkeypatch.chdir(PROJECT)
    _, verb, *arguments = shlex.split(read_json(path)["command"])
    with main.commands[verb].make_context(verb, arguments) as context:
        options = dict(context.params)
    config = config_of(CONFIGS[verb], options)
    assert output_name(config, [verb, *config.settings], settings_digits(config)) == path.stem
    assert options.keys() == ELSEWHERE  # decide no number, and do not enter the name


def test_some_investigations_are_committed():
    assert {path.name.partition("-")[0] for path in COMMITTED} == CONFIGS.keys()
