"""Names of files: the same for the same settings, never the same for others."""

import copy
import dataclasses
import re
from pathlib import Path

import pytest

from dcgan_probe.investigations import (
    ArithmeticConfig,
    ForgetConfig,
    GeneratedConfig,
    SaliencyConfig,
    SampleConfig,
    TurnConfig,
    WalkConfig,
)
from dcgan_probe.investigations.output_names import LONGEST, output_name, settings_digits
from dcgan_probe.runtime import UserError

CONFIGS = [
    ArithmeticConfig(concepts=("a=1", "b=2", "c=3")),
    ForgetConfig(map=2),
    GeneratedConfig(),
    SaliencyConfig(),
    SampleConfig(),
    TurnConfig(start="a=1", end="b=2"),
    WalkConfig(),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.verb)
def test_every_setting_changes_the_digits(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("boxes.json").write_text("[]")
    found = {settings_digits(config)}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        other = copy.copy(config)
        # Past the checks, which forbid some settings together.
        changed = Path("boxes.json") if field.name == "boxes" else not value if isinstance(value, bool) else 77
        object.__setattr__(other, field.name, changed)
        found.add(settings_digits(other))
    assert len(found) == len(dataclasses.fields(config)) + 1


def test_the_content_of_a_file_changes_the_digits(tmp_path):
    path, same = tmp_path / "boxes.json", tmp_path / "copy.json"
    path.write_text("[1]")
    same.write_text("[1]")
    before = settings_digits(ForgetConfig(boxes=path))
    assert settings_digits(ForgetConfig(boxes=same)) == before
    path.write_text("[2]")
    assert settings_digits(ForgetConfig(boxes=path)) != before


def test_a_file_that_is_missing_is_told_by_its_setting(tmp_path):
    with pytest.raises(UserError, match=r"there is no .*none\.json") as error:
        settings_digits(ForgetConfig(boxes=tmp_path / "none.json"))
    assert error.value.parameter == "boxes"


def test_a_long_name_keeps_seed_and_digits():
    name = output_name(WalkConfig(seed=3), ["x" * 500], "0a1b2c")
    assert name == f"{'x' * LONGEST}-s3-0a1b2c"


def test_characters_that_a_file_system_may_refuse_become_dashes():
    assert re.fullmatch(r"age-30-a-b-s0-0a1b2c", output_name(WalkConfig(), ["age<30", "a/b"], "0a1b2c"))
