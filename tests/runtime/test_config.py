"""Configs: checks, TOML and commands of a small config and of all configs of the package."""

import dataclasses
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import tomli_w

from dcgan_probe.runtime import Config, UserError, Workspace, check_fields, option


@dataclass(frozen=True)
class Inner(Config):
    size: int = option(3, "Size.", min=1, max=9)


@dataclass(frozen=True)
class Example(Config):
    verb = "example"

    name: str
    count: int = option(4, "Number.", min=1)
    share: float | None = option(None, "Share.", min=0.0, max=1.0)
    kind: Literal["max", "avg"] = option("max", "Kind.")
    whole: bool = option(True, "All of it.")
    layers: tuple[str, ...] | None = option(None, "Layers.", kind="names")
    sets: tuple[str, ...] = option((), "Sets.")
    folder: Path = option(Path("runs"), "Folder.")
    inner: Inner = dataclasses.field(default_factory=Inner)


FULL = Example("a b", 7, 0.25, "avg", False, ("x", "y"), ("one", "two"), Path("other"), Inner(5))


def test_toml_and_back_loses_nothing():
    for config in (Example("a"), FULL):
        assert Example.from_mapping(tomllib.loads(tomli_w.dumps(config.to_mapping()))) == config


def test_a_command_has_the_fields_that_differ():
    assert Example("a").to_command() == "dcgan-probe example --name a"
    assert shlex.split(FULL.to_command(Workspace(device="cpu"))) == [
        *("dcgan-probe", "example", "--name", "a b", "--count", "7", "--share", "0.25", "--kind", "avg", "--no-whole"),
        *("--layers", "x,y", "--sets", "one", "--sets", "two", "--folder", "other", "--size", "5", "--device", "cpu"),
    ]


@dataclass(frozen=True)
class Typed(Config):
    verb = "typed"
    places = ("device",)

    late: int = option(0, "A number.")
    source: str = option(argument=True, default="x")
    seconds: float | None = option(None, "Time.", kind="seconds")
    memory: int | None = option(None, "Amount.", kind="bytes")
    depth: tuple[float, ...] | None = option(None, "Depth.", kind="depth")
    flag: bool | None = option(None, "Yes or no.")


@pytest.mark.parametrize(
    ("values", "arguments"),
    [
        ({"late": 3, "source": "a b"}, ["a b", "--late", "3"]),
        ({"seconds": 480.0}, ["--seconds", "480s"]),
        ({"seconds": 0.5}, ["--seconds", "0.5s"]),
        ({"memory": 500_000_000}, ["--memory", "500000kB"]),
        ({"memory": 1_234_567_891}, ["--memory", "1234567.891kB"]),
        ({"depth": (0.0, 4095.0)}, ["--depth", "0.0,4095.0"]),
        ({"flag": True}, ["--flag"]),
        ({"flag": False}, ["--no-flag"]),
    ],
)
def test_values_are_typed_as_their_options_read_them(values, arguments):
    command = shlex.split(Typed(**values).to_command(Workspace(device="cpu", results=Path("not of this verb"))))
    assert command == ["dcgan-probe", "typed", *arguments, "--device", "cpu"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cuont": 3}, "unknown key cuont (did you mean count?): expected name, count"),
        ({"cuont": 3, "knid": "max"}, "unknown keys cuont (did you mean count?), knid (did you mean kind?)"),
        ({"count": 0}, "got count 0, expected at least 1"),
        ({"count": True}, "got count True, expected int"),
        ({"count": 2.5}, "got count 2.5, expected int"),
        ({"count": "many"}, "got count 'many', expected int"),
        ({"share": 1.5}, "got share 1.5, expected at least 0.0 and at most 1.0"),
        ({"share": float("nan")}, "got share nan, expected float or None"),
        ({"kind": "min"}, "got kind 'min', expected max or avg"),
        ({"whole": 1}, "got whole 1, expected bool"),
        ({"layers": [1]}, "got layers (1,), expected tuple or None"),
        ({"inner": {"size": 10}}, "got size 10"),
        ({"inner": {"sise": 1}}, "unknown key sise (did you mean size?): expected size"),
        ({"inner": 3}, "got inner 3, expected Inner"),
    ],
)
def test_wrong_keys_and_values_are_refused_by_name(values, words):
    with pytest.raises(UserError) as error:
        Example.from_mapping({"name": "a", **values})
    assert words in str(error.value)


def test_a_missing_field_without_a_default_is_named():
    with pytest.raises(UserError, match="name is missing: expected name, count"):
        Example.from_mapping({})


def test_a_config_that_is_made_in_python_is_checked_too():
    with pytest.raises(UserError, match="got count 0") as error:
        Example("a", count=0)
    assert error.value.parameter == "count"


def test_a_plain_dataclass_can_be_checked():
    @dataclass(frozen=True)
    class Plain:
        bins: int = dataclasses.field(default=8, metadata={"min": 1})

    check_fields(Plain())
    with pytest.raises(UserError, match="got bins 0"):
        check_fields(Plain(0))


def test_python_may_give_texts_for_paths_and_lists_for_tuples():
    config = Example("a", folder="elsewhere", layers=["x", "y"])
    assert (config.folder, config.layers) == (Path("elsewhere"), ("x", "y"))
