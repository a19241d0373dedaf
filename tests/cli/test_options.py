import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.cli.config_options import config_of, config_options
from dcgan_probe.cli.errors import FriendlyGroup
from dcgan_probe.cli.options import Count, Labels, Numbers
from dcgan_probe.cli.progress import Progress, duration
from dcgan_probe.cli.signals import Stopped
from dcgan_probe.runtime import Config, UserError, option


@pytest.mark.parametrize(
    ("text", "number"), [("64000", 64_000), ("64k", 64_000), ("2M", 2_000_000), ("1.5M", 1_500_000), ("0.1k", 100)]
)
def test_counts_take_suffixes(text, number):
    assert Count().convert(text, None, None) == number


@pytest.mark.parametrize("text", ["", "k", "-1", "0", "1.5", "2m", "1e999", "nan", "many"])
def test_other_counts_are_refused(text):
    with pytest.raises(click.BadParameter, match=r"not a (count|whole number)"):
        Count().convert(text, None, None)


def test_numbers_are_separated_by_commas():
    assert Numbers().convert("1,2,4", None, None) == (1, 2, 4)
    with pytest.raises(click.BadParameter, match="not a list of whole numbers"):
        Numbers().convert("1;2", None, None)


def test_labels_are_all_or_a_number():
    assert Labels().convert("all", None, None) is None
    assert Labels().convert("1000", None, None) == 1000
    for text in ("none", "0", "-5", "1.5"):
        with pytest.raises(click.BadParameter, match="expected all, or a number"):
            Labels().convert(text, None, None)


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (UserError("got 3, expected 4", parameter="nc"), 2, "Invalid value for --nc: got 3, expected 4"),
        (UserError("got 3, expected 4", parameter="ndf"), 1, "Error: got 3, expected 4"),  # no option of this verb
        (UserError("the disk is full"), 1, "Error: the disk is full"),
        (KeyboardInterrupt(), 130, "Interrupted before any work was finished; rerun the command to start it.\n"),
        (
            Stopped(signal.SIGTERM),
            143,
            "Interrupted by SIGTERM before any work was finished; rerun the command to start it.\n",
        ),
        (Stopped(signal.SIGHUP, "saved in x"), 129, "Interrupted by SIGHUP: saved in x. Rerun the command to resume."),
        (MemoryError("2 GB"), 1, "Error: out of memory (2 GB): "),
        (RuntimeError("can't allocate memory: you tried"), 1, "out of memory (can't allocate memory: you tried): "),
    ],
)
def test_errors_become_messages_with_the_right_status(error, status, text):
    @click.group(cls=FriendlyGroup, sections={})
    def group():
        pass

    @group.command()
    @click.option("--nc")
    def verb(nc):
        raise error

    result = CliRunner().invoke(group, ["verb"])
    assert result.exit_code == status
    assert text in result.output
    assert "Traceback" not in result.output


def test_progress_without_a_terminal_writes_one_line_at_the_end(capsys):
    with Progress("read", 10, "rows") as progress:
        progress.update(4)
        progress.update(10, "well")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("read: 10 of 10 rows, ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(("seconds", "rate"), [(1e-4, ""), (0.9, ""), (2.0, " 5/s,")])
def test_a_rate_is_shown_after_a_second(capsys, monkeypatch, seconds, rate):
    now = iter([0.0, *[seconds] * 4])
    monkeypatch.setattr("dcgan_probe.cli.progress.time.monotonic", lambda: next(now))
    with Progress("read", 10, "rows") as progress:
        progress.update(10)
    assert capsys.readouterr().err == f"read: 10 of 10 rows,{rate} {seconds:.0f} s\n"


def test_a_bar_has_a_rate_from_the_first_second_on(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    now = iter([0.0, 0.5, 1.5])
    with Progress("read", 10, "rows") as progress:
        monkeypatch.setattr("dcgan_probe.cli.progress.time.monotonic", lambda: next(now))
        progress._began = next(now)
        progress.update(2)
        assert "rate" not in progress._bar.bar_format
        progress.update(4)
        assert progress._bar.bar_format is None


def test_a_long_step_shows_its_state_at_intervals(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr("dcgan_probe.cli.progress.time.monotonic", lambda: now)
    with Progress("fit", 2, "fits") as progress:
        progress.update(0)
        progress.note("70 problems left")
        now = 31.0
        progress.note("30 problems left")
        progress.note("29 problems left")
    assert capsys.readouterr().err == "fit: 30 problems left\n"


def test_quiet_progress_writes_nothing(capsys, monkeypatch):
    monkeypatch.setattr("dcgan_probe.cli.progress.LINE_SECONDS", 0.0)
    with Progress("read", 10, "rows", quiet=True) as progress:
        progress.note("slow")
        progress.update(10)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("seconds", "text"), [(45, "45 s"), (720, "12 min"), (12_240, "3.4 h")])
def test_durations_are_readable(seconds, text):
    assert duration(seconds) == text


VERBS = ("train", "extract", "eval-svm", "table", "sample", "prepare", "walk", "arithmetic", "turn")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb):
    result = CliRunner().invoke(main, [verb, "--help"])
    assert result.exit_code == 0
    assert f"dcgan-probe {verb}" in result.output
    assert "[default:" in result.output


@dataclass(frozen=True)
class Options(Config):
    source: Path = option(argument=True, metavar="DIR", exists=True)
    name: str = option(help="A name.")
    yes: bool | None = option(None, "Yes or no.", usual="it depends")
    file: Path | None = option(None, "A file.", file=True)
    piece: int = option(1_000, "A size.", kind="count", usual="a thousand")
    memory: int | None = option(None, "An amount.", kind="bytes")
    depth: tuple[float, float] | None = option(None, "A depth.", kind="depth")
    side: Literal[1, 3] | None = option(None, "A side.")


def parsed(*arguments, status=0):
    """Parse arguments by the options of a config; return the config, or the output of an error."""
    made = []

    @click.command()
    @config_options(Options)
    def verb(**options):
        made.append(config_of(Options, options))

    result = CliRunner().invoke(verb, arguments)
    assert result.exit_code == status, result.output
    return made[0] if made else " ".join(result.output.split())


def test_options_come_from_the_fields_of_a_config(tmp_path):
    here = str(tmp_path)
    assert parsed(here, "--name", "a") == Options(tmp_path, "a")
    given = ("--no-yes", "--file", "x.csv", "--piece", "2k", "--memory", "1.5MB", "--depth", "0,9", "--side", "3")
    assert parsed(here, "--name", "a", *given) == Options(
        tmp_path, "a", False, Path("x.csv"), 2_000, 1_500_000, (0.0, 9.0), 3
    )
    assert parsed(here, "--name", "a", "--yes").yes is True
    assert parsed(here, "--name", "a", "--memory", "1234567.891kB").memory == 1_234_567_891


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((".",), "Missing option '--name'"),
        (("--name", "a"), "Missing argument 'DIR'"),
        (("no-such-folder", "--name", "a"), "'no-such-folder' does not exist"),
        ((".", "--name", "a", "--file", "."), "Invalid value for '--file': File '.' is a directory"),
        ((".", "--name", "a", "--side", "2"), "'2' is not one of"),
        ((".", "--name", "a", "--depth", "4"), "'4' is neither scale nor two numbers"),
    ],
)
def test_invalid_values_of_fields_are_usage_errors(arguments, words):
    assert words in parsed(*arguments, status=2)


def test_the_help_has_each_default_once():
    text = parsed("--help")
    assert "[default: it depends]" in text
    assert "[default: a thousand]" in text
    assert "1000" not in text
    assert text.count("[required]") == 1
