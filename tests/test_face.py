"""Public functions of the package: errors of wrong arguments, and displays in a notebook."""

import re
from pathlib import Path

import numpy as np
import pytest

import dcgan_probe as dp
from dcgan_probe.report.published import PublishedFigure
from dcgan_probe.reproduce import read_plan
from dcgan_probe.runtime import from_mapping

RANDOM = np.random.default_rng(0)
LABELS = np.repeat([0, 1], 20)
PAIR = RANDOM.standard_normal((40, 3)) + LABELS[:, None], LABELS
OTHER = RANDOM.standard_normal((40, 3)) + LABELS[:, None], LABELS


def test_only_public_names_are_listed():
    listed = {name for name in dir(dp) if not name.startswith("__")}
    assert listed == {*dp.__all__}
    for name in listed:
        assert getattr(dp, name) is not None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dp.evaluate(PAIR, OTHER, protocol="mine"), "unknown protocol 'mine': expected the name of a set with"),
        (lambda: dp.evaluate(PAIR, OTHER, protocol=3), "got 3 as `protocol`, expected Protocol"),
        (lambda: dp.evaluate(PAIR, OTHER, classifier="bad"), "expected one of svm, logistic, ridge, knn-cosine, knn-e"),
        (lambda: dp.evaluate(PAIR, OTHER, scale="bad"), "expected one of none, standardise, standardise+0.01"),
        (lambda: dp.extract(dp.EvalConfig()), "got EvalConfig as `config`, expected ExtractConfig"),
        (lambda: dp.run_evaluation("svhn"), "got 'svhn' as `config`, expected EvalConfig"),
        (lambda: dp.run_evaluations(dp.EvalConfig()), "got EvalConfig as `configs`, expected a list of EvalConfig"),
        (lambda: dp.run_supervised(dp.EvalConfig()), "got EvalConfig as `config`, expected SupervisedConfig"),
        (lambda: dp.run_training(dp.preset_config("demo")), "got TrainConfig as `plan`, expected TrainingPlan"),
        (lambda: dp.make_tables("latex"), "got 'latex' as `config`, expected TableConfig"),
        (lambda: dp.compare_rows("svhn-1000"), "got 'svhn-1000' as `config`, expected CompareConfig"),
        (lambda: dp.walk("nowhere"), "nowhere is not a run folder: it has no config.json"),
        (lambda: dp.walk(3), "got 3 as `run`, expected Run, which Run(folder) makes"),
        (lambda: dp.sample(Path("nowhere")), "nowhere is not a run folder: it has no config.json"),
        (lambda: dp.TurnConfig(), "TurnConfig needs start and end"),
        (lambda: dp.CompareConfig(), "CompareConfig needs protocol"),
        (lambda: dp.PrepareConfig(), "PrepareConfig needs source"),
        (
            lambda: from_mapping(PublishedFigure, {**FIGURE, "mark": "Z"}),
            "got mark 'Z', expected an empty text or P",
        ),
    ],
)
def test_wrong_arguments_are_told_with_what_is_expected(call, words):
    with pytest.raises(dp.UserError) as error:
        call()
    assert words in str(error.value)


def test_the_protocol_and_the_plan_of_contributing_are_right(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (Path(dp.__file__).parents[1] / "docs/extending.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(import numpy.*?)```", text, re.DOTALL)
    exec(code, {})
    assert "mine-20" in capsys.readouterr().out
    (plan,) = re.findall(r'```toml\n(dataset = "glyphs.*?)```', text, re.DOTALL)
    Path("my-table.toml").write_text(plan)
    assert len(read_plan("my-table.toml").rows) == 2
    keys = {key for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    assert set(PublishedFigure.__dataclass_fields__) <= keys


FIGURE = {"protocol": "x-all", "model": "x", "measure": "error", "value": 3.0}


def test_a_protocol_by_name_and_a_folder_of_results_by_path(tmp_path):
    found = dp.evaluate(PAIR, OTHER, "mine-8", C=0.1, results=tmp_path)
    assert (found.protocol, found.dataset, found.labels, found.draws) == ("mine-8", "mine", 8, 10)
    named = dp.protocol_for("mine", 40, 2, 8)
    assert dp.evaluate(PAIR, OTHER, named, C=0.1, results=dp.Results(tmp_path)) == found  # from the records
    assert dp.result_table([found], results=str(tmp_path))["features"].tolist() == ["arrays, C = 0.1 given"]


def test_a_run_shows_its_folder_its_network_and_how_far_it_is(trained_run, tmp_path):
    text = repr(trained_run())
    assert text.startswith("Run('")
    assert "tiny on tiny.h5, 160 of 160 images seen" in text
    assert text.endswith("images seen)")
    assert repr(dp.Run(tmp_path)) == f"Run({str(tmp_path)!r}: no run that can be read)"
