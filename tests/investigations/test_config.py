"""Configs of investigations: checks, TOML and the command lines that they stand for."""

import shlex
import tomllib
from pathlib import Path

import pytest
import tomli_w

import dcgan_probe as dp
from dcgan_probe.cli import main
from dcgan_probe.cli.config_options import config_of

CONFIGS = [
    dp.WalkConfig(3, 4, "spherical", seed=2),
    dp.ArithmeticConfig(concepts=("a=1,2", "b=left<5", "c=3"), attributes=("female", "age>=60"), dataset="x", pool=50),
    dp.TurnConfig(start="a=1,2", end="b=3", attributes=("label=3",), reach=2, steps=4, seed=1),
    dp.SaliencyConfig(layer="conv2", features=(3, 1), scan=200, rule="gradient"),
    dp.SaliencyConfig(top=4),
    dp.ForgetConfig(boxes=Path("boxes.json"), top=2, attribute="cat", dataset="x"),
    dp.ForgetConfig(boxes_from="age>=60", window=9),
    dp.ForgetConfig(map=5, count=7),
    dp.SampleConfig(12, columns=3, label="seven", numbered=True),
    dp.GeneratedConfig(dataset="x", counts=(5, 10)),
]
DEFAULTS = [dp.WalkConfig(), dp.SaliencyConfig(), dp.SampleConfig(), dp.GeneratedConfig()]


@pytest.mark.parametrize("config", [*CONFIGS, *DEFAULTS], ids=lambda config: config.verb)
def test_a_config_goes_to_toml_and_back(config):
    text = tomli_w.dumps(config.to_mapping())
    assert type(config).from_mapping(tomllib.loads(text)) == config


@pytest.mark.parametrize("config", [*CONFIGS, *DEFAULTS], ids=lambda config: config.verb)
def test_the_command_of_a_config_makes_the_same_config(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boxes.json").write_text("[]")
    program, verb, *arguments = shlex.split(config.to_command(dp.Workspace(device="cpu")))
    assert program == "dcgan-probe"
    with main.commands[verb].make_context(verb, arguments) as context:
        assert context.params["device"] == "cpu"
        assert config_of(type(config), dict(context.params)) == config


def test_unknown_keys_are_refused_by_name():
    with pytest.raises(
        dp.UserError, match=r"unknown key point \(did you mean points\?\): expected seed, points, steps, interpolation"
    ):
        dp.WalkConfig.from_mapping({"point": 3})
    with pytest.raises(dp.UserError, match="end is missing: expected seed, "):
        dp.TurnConfig.from_mapping({"start": "a=1"})


EYE = ("a=1,2", "b=3", "c=4")


@pytest.mark.parametrize(
    ("make", "option", "words"),
    [
        (lambda: dp.WalkConfig(points=1), "points", "got points 1, expected at least 2"),
        (lambda: dp.WalkConfig(interpolation="cubic"), "interpolation", "expected linear or spherical"),
        (lambda: dp.ArithmeticConfig(concepts=EYE[:2]), "concepts", "got 2 concepts, expected three"),
        (lambda: dp.ArithmeticConfig(concepts=("a=1", "a=2", "c=3")), "concepts", "expected distinct names"),
        (lambda: dp.ArithmeticConfig(concepts=("a=1", "result=2", "c=3")), "concepts", "name 'result'"),
        (lambda: dp.ArithmeticConfig(concepts=("a=1,-2", *EYE[1:])), "concepts", "got '-2' in the concept"),
        (lambda: dp.ArithmeticConfig(concepts=EYE, attributes=("<3",)), "attributes", "got the attribute '<3'"),
        (lambda: dp.ArithmeticConfig(concepts=EYE, attributes="cat"), "attributes", "expected tuple"),
        (lambda: dp.TurnConfig(start="<3", end="b=1"), "start", "got the concept '<3'"),
        (lambda: dp.TurnConfig(start="a=1", end="b=x,1"), "end", "got 'x' in the concept 'b=x,1'"),
        (lambda: dp.TurnConfig(start="a=1", end="a=2"), "end", "got the concepts a, a"),
        (lambda: dp.TurnConfig(start="a=1", end="b=2", reach=101.0), "reach", "got a reach of 101.0"),
        (lambda: dp.SaliencyConfig(features=(1, 1)), "features", "expected each once"),
        (lambda: dp.SaliencyConfig(features=(1,), top=2), "top", "got features and top"),
        (lambda: dp.ForgetConfig(), "boxes", "got none of `boxes`, `boxes_from` and `map`, expected one"),
        (lambda: dp.ForgetConfig(map=1, boxes_from="x"), "boxes", "got boxes_from and map"),
        (lambda: dp.ForgetConfig(map=-1), "map", "got map -1, expected at least 0"),
        (lambda: dp.ForgetConfig(map=1, window=8), "window", "got window without boxes_from"),
        (lambda: dp.ForgetConfig(map=1, dataset="x"), "dataset", "got dataset without a probe to train"),
        (lambda: dp.ForgetConfig(boxes_from="a", attribute="b"), "attribute", "got attribute with boxes_from"),
        (lambda: dp.SampleConfig(0), "count", "got count 0"),
        (lambda: dp.GeneratedConfig(counts=(5, 5)), "counts", "expected increasing numbers"),
    ],
)
def test_what_contradicts_itself_is_refused_with_the_name_of_the_field(make, option, words):
    with pytest.raises(dp.UserError) as error:
        make()
    assert words in str(error.value)
    assert error.value.parameter == option


def test_equal_settings_are_equal_whatever_the_type_of_their_numbers():
    whole, real = (dp.TurnConfig(start="a=1", end="b=2", reach=reach) for reach in (2, 2.0))
    assert repr(whole) == repr(real)
