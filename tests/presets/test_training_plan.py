"""Plans of trainings: their fields, TOML, command lines, and the configs that they resolve to."""

import dataclasses
import shlex
import tomllib
from pathlib import Path

import click
import pytest
import tomli_w
import torch

from dcgan_probe.cli import main
from dcgan_probe.gan import TrainConfig, preset_config
from dcgan_probe.networks import NetworkConfig
from dcgan_probe.presets import Changes, TrainingPlan, default_run_name
from dcgan_probe.runtime import UserError, Workspace

CHANGES = {
    "images": 12_345,
    "updates": "alternate",
    "batch_size": 32,
    "lr": 1e-5,
    "beta1": 0.9,
    "weight_decay": 0.5,
    "image_size": 16,
    "nc": 1,
    "nz": 7,
    "z": "gaussian",
    "ndf": 5,
    "ngf": 6,
    "multipliers": (1, 1),
    "strides": (2, 2),
    "kernel": 3,
    "eps": 1e-4,
    "first_norm": "map",
    "resampling": "max-pool",
    "norm": "all",
    "hidden": 8,
    "leak": 0.0,
    "output": "sigmoid",
    "classes": 4,
    "affine": False,
    "flips": False,
    "ema": 1_000,
    "keep": "best",
}
WATCHED = {
    "preset": "svhn32",
    "dataset": "a set.h5",
    "precision": "float32",
    "probe_every": 100,
    "probe_dataset": "svhn",
    "probe_labels": 40,
    "time_limit": 90.5,
    "stop_on_collapse": True,
    "deterministic": True,
    "sync_norm": True,
    "window": 512,
    "seed": 3,
}
FULL = TrainingPlan(**WATCHED, **CHANGES)


def typed(command):
    """Parse a command line of ``train`` with click; return the plan and the other parameters."""
    program, verb, *arguments = shlex.split(command)
    assert (program, verb) == ("dcgan-probe", "train")
    with main.commands["train"].make_context("train", arguments) as context:
        found = dict(context.params)
    return TrainingPlan(**{each.name: found.pop(each.name) for each in dataclasses.fields(TrainingPlan)}), found


def test_the_fields_are_those_of_the_configs_that_a_preset_decides():
    offered = {each.name for each in dataclasses.fields(Changes)}
    assert offered == CHANGES.keys() - {"images"}
    own = {each.name for config in (NetworkConfig, TrainConfig) for each in dataclasses.fields(config)}
    assert own - offered == {"preset", "dataset", "network", "images", "seed", "precision", "sync_norm", "window"}
    assert offered | WATCHED.keys() | {"images"} == {each.name for each in dataclasses.fields(TrainingPlan)}


@pytest.mark.parametrize("plan", [TrainingPlan(), TrainingPlan(seed=3), FULL])
def test_toml_and_the_command_line_lose_nothing(plan):
    assert TrainingPlan.from_mapping(tomllib.loads(tomli_w.dumps(plan.to_mapping()))) == plan
    assert typed(plan.to_command())[0] == plan
    place = Workspace(Path("r"), Path("elsewhere"), Path("d"), download=False, device="cpu")
    again, others = typed(plan.to_command(place, Path("runs/my run")))
    assert again == plan
    assert others["folder"] == Path("runs/my run")
    assert (others["runs"], others["data_dir"], others["download"], others["device"]) == (
        *(Path("r"), Path("d"), False, "cpu"),
    )


def test_a_plan_resolves_to_the_config_of_its_preset_and_changes():
    config = FULL.config(torch.device("cpu"))
    named = preset_config("svhn32", dataset="a set.h5", precision="float32", seed=3, sync_norm=True, **CHANGES)
    assert named.differences(config) == ["window: 0 -> 512"]  # the names of their presets list the changes in any order
    assert named.images == config.images
    for name, value in CHANGES.items():
        assert getattr(config if hasattr(config, name) else config.network, name) == value, name
    assert TrainingPlan().config() == preset_config()
    assert TrainingPlan().config(torch.device("cuda")).preset == "imagenet32"


def test_a_preset_is_named_with_its_changes_in_one_order():
    one, other = (TrainingPlan(**changes) for changes in ({"lr": 1e-3, "ndf": 8}, {"ndf": 8, "lr": 1e-3}))
    assert one.config().preset == other.config().preset == "cpu32 (ndf 8, lr 0.001)"


def test_a_run_is_named_after_its_plan():
    plan = TrainingPlan(
        preset="cpu32", dataset="data/my set.h5", seed=3, lr=0.001, strides=(2, 2, 2), batch_size=64, images=9
    )
    assert default_run_name(plan, plan.config()) == "my-set-cpu32-strides2.2.2-batchsize64-lr0.001-s3"
    assert default_run_name(TrainingPlan(), preset_config("cpu32")) == "cifar10-cpu32-s0"
    flags = TrainingPlan(flips=True, affine=False, image_size=64, multipliers=(1, 2), ngf=8, ndf=4, z="gaussian", nc=1)
    assert default_run_name(flags, preset_config("cpu32")) == (
        "cifar10-cpu32-zgaussian-nc1-ndf4-ngf8-imagesize64-multipliers1.2-noaffine-flips-s0"
    )


@pytest.mark.parametrize(
    ("values", "words", "option"),
    [
        ({"preset": "cpu64"}, "unknown preset 'cpu64': expected auto or one of imagenet32", "preset"),
        ({"z": "normal"}, "got z 'normal', expected uniform or gaussian or None", "z"),
        ({"time_limit": 0.0}, "got time_limit 0.0, expected more than 0 seconds", "time_limit"),
        ({"time_limit": float("inf")}, "got time_limit inf, expected more than 0 seconds", "time_limit"),
        ({"images": 0}, "got images 0, expected at least 1", "images"),
        ({"strides": "22"}, "got strides", "strides"),
        ({"precision": "float16"}, "got precision 'float16', expected auto or float32 or bfloat16", "precision"),
        ({"flips": 1}, "got flips 1, expected bool or None", "flips"),
        ({"lr": "fast"}, "got lr 'fast', expected float or None", "lr"),
        ({"probe_labels": 0}, "got probe_labels 0, expected at least 1", "probe_labels"),
    ],
)
def test_values_that_do_not_fit_are_refused_when_the_plan_is_made(values, words, option):
    with pytest.raises(UserError) as caught:
        TrainingPlan(**values)
    assert str(caught.value).startswith(words)
    assert caught.value.parameter == option


def test_unknown_keys_are_refused_by_name():
    with pytest.raises(UserError, match="unknown key learning_rate: expected nz, z, nc"):
        TrainingPlan.from_mapping({"learning_rate": 1e-3})


def test_every_field_has_a_flag_and_a_help_text():
    params = {param.name: param for param in main.commands["train"].params}
    for each in dataclasses.fields(TrainingPlan):
        option = params[each.name]
        assert isinstance(option, click.Option)
        assert option.help, each.name
        assert not option.required
