"""Sources that are refused at registration, with a message that names the field."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click
import numpy as np
import pytest

from dcgan_probe.cli import main
from dcgan_probe.cli.config_options import KINDS as CLICK_KINDS
from dcgan_probe.features import FeatureSource, register_source, sources as registry
from dcgan_probe.features.source_checks import RESERVED
from dcgan_probe.runtime import KINDS, UserError


@dataclass(frozen=True)
class Options:
    bins: int = 8


def source(**changes):
    plain = {"name": "mine", "label": "my features", "options": Options, "make": print, "columns": len}
    return FeatureSource(**{**plain, **changes})


def with_option(kind, *default, name="x"):
    return source(options=dataclasses.make_dataclass("Made", [(name, kind, *default)], frozen=True))


def source_with(of, default, **metadata):
    return with_option(of, field(default=default, metadata=metadata))


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    registry.load_sources()
    monkeypatch.setattr(registry, "_SOURCES", dict(registry._SOURCES))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Options, "as a source of features, expected a FeatureSource"),
        (lambda: source(name=3), "got source name 3, expected letters"),
        (lambda: source(label=" "), "mine: got label ' ', expected a string"),
        (lambda: source(separator=None), "mine: got separator None, expected a string"),
        (lambda: source(options=Options()), "mine: got options Options.*, expected a frozen dataclass"),
        (lambda: source(make=None), "mine: got make None, expected a function"),
        (lambda: source(columns=24), "mine: got columns 24, expected a function"),
        (lambda: source(cost=1), "mine: got cost 1, expected a function or None"),
        (lambda: source(recorded={}), "mine: got recorded {}, expected a function or None"),
        (lambda: source(needs_run="no"), "mine: got needs_run 'no', expected True or False"),
        (lambda: source(default_scale="std"), r"default_scale 'std', expected one of none, standardise, standardise\+"),
        (lambda: with_option(int), "mine: option x has no default"),
        (lambda: with_option(int, field(default=1, init=False)), "option x has init=False"),
        (lambda: with_option(dict, field(default_factory=dict)), "option x has type dict, expected bool, int, float"),
        (lambda: with_option(np.int64, 1), "option x has type int64, expected bool"),
        (lambda: with_option(tuple[int, int], (1, 2)), r"option x has type tuple\[int, int\]"),
        (lambda: with_option("Unknown", 1), "types of the options cannot be resolved .name 'Unknown' is not defined"),
        (lambda: with_option(int, "a"), "the default options are invalid .got x 'a', expected int"),
        (lambda: source_with(int, 0, min=1), "the default options are invalid .got x 0, expected at least 1"),
        (lambda: source_with(int, 0, hlep="h"), "option x has unknown metadata hlep, expected some of help, min"),
        (lambda: source_with(int, 0, argument=True), "option x has unknown metadata argument"),
        (lambda: source_with(int, 0, min="1"), "option x has min '1' in its metadata, expected a number"),
        (lambda: source_with(int, 0, help=3), "option x has help 3 in its metadata, expected a string"),
        (
            lambda: source_with(int, 0, kind="much"),
            "option x has kind 'much' in its metadata, expected one of bytes, count",
        ),
        (lambda: source_with(int, 0, flag="x"), "option x has flag 'x', expected two dashes and a word"),
        (
            lambda: source_with(int, 0, flag="--device"),
            r"option x \(--device\) has a name that extract or eval-svm uses",
        ),
        (lambda: with_option(bool, True, name="no_controls"), r"option no_controls \(--no-controls\) has a name"),
        (lambda: source_with(int, 0, flag="--grid"), "mine has an option x with flag --grid, dcgan an option grid"),
        (
            lambda: with_option(int, 0, name="no_whiten"),
            "mine has an option no_whiten with flag --no-whiten, kmeans",
        ),
        (lambda: with_option(str, "a", name="start"), "an option start of text, kmeans one of choice"),
    ],
)
def test_invalid_sources_are_refused(made, words):
    with pytest.raises(UserError, match=words):
        register_source(made())
    assert "mine" not in registry._SOURCES


@pytest.mark.parametrize("name", ["run", "dataset", "labels", "seed", "scale", "C", "maps", "results", "json"])
def test_an_option_of_a_verb_is_refused_by_its_name(name):
    with pytest.raises(UserError, match=rf"mine: option {name} \(--{name}\) has a name that extract or eval-svm uses"):
        register_source(with_option(int, 1, name=name))


def test_all_options_of_the_verbs_are_reserved():
    taken = set()
    for verb in ("extract", "eval-svm"):
        command = main.commands[verb]
        for param in click.Command.get_params(command, click.Context(command)):
            names = [param.name, *param.opts, *param.secondary_opts]
            taken |= {name.lstrip("-").replace("-", "_") for name in names if len(name.lstrip("-")) > 1 or name == "C"}
    assert taken - {"_plugins", "_click_default_help"} <= RESERVED


def test_all_kinds_have_an_option_of_the_command_line():
    assert set(KINDS) == set(CLICK_KINDS)


def test_every_type_of_option_is_accepted():
    @dataclass(frozen=True)
    class Many:
        a: bool = True
        b: int | None = None
        c: float = 0.5
        d: Path | None = None
        e: Literal["p", "q"] = "p"
        f: tuple[str, ...] = field(default=(), metadata={"kind": "names"})
        g: int = field(default=4, metadata={"kind": "count", "min": 1, "max": 9, "usual": "four", "metavar": "N"})

    assert register_source(source(options=Many)).options is Many
