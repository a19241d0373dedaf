"""Deduplication by one call: what is found, judged and written, without a command line."""

import json
import shlex
import tomllib
from pathlib import Path

import pytest
import tomli_w

from dcgan_probe.deduplication import DedupConfig, DedupPlan, run_deduplication, summary_lines
from dcgan_probe.images import load_images
from dcgan_probe.runtime import UserError, Workspace
from dcgan_probe.storage import write_image_file

QUICK = DedupConfig(images_seen=512, plants=5)


@pytest.fixture
def place(tmp_path):
    """Return a workspace with 30 training images, one of them the copy of another."""
    drawn = load_images("glyphs:30", "train").images[:].copy()
    drawn[20] = drawn[3, :, :, ::-1]
    write_image_file(
        tmp_path / "hidden_train.h5", [(drawn, None)], rows=30, name="hidden", split="train", source="a test"
    )
    return Workspace(tmp_path / "runs", data_dir=tmp_path)


def test_a_plan_is_searched_judged_and_written(place, tmp_path):
    plan = DedupPlan("hidden", tmp_path / "clean.h5", figures=tmp_path / "figures", search=QUICK)
    steps = []
    found = run_deduplication(plan, place, on_step=steps.append)
    assert (found.left, found.sheet) == (29, tmp_path / "figures" / "clean-pairs.png")
    assert load_images(str(plan.out), "train").attributes["source_row"].tolist() == [*range(20), *range(21, 30)]
    assert json.loads((tmp_path / "figures" / "clean-dedup.json").read_text()) == json.loads(json.dumps(found.summary))
    assert found.summary["command"] == plan.to_command(place)
    assert list(found.summary["config"]) == ["bits", "distance", "images_seen", "plants", "seed"]
    assert list(dict.fromkeys(step.title for step in steps)) == list(found.summary["seconds_by_phase"])
    assert all(step.done == step.total for step in {step.title: step for step in steps}.values())
    lines = summary_lines(found.summary)
    assert lines[0].split() == ["planted", "copies", "found", "paper"]
    assert lines[-2] == "1 pairs in 1 groups, 1 images removed"

    path = tmp_path / "figures" / "clean-pairs.csv"
    path.write_text("row,other,same\n20,3,yes\n")
    with pytest.raises(UserError, match="holds judgments; give it to keep them"):
        run_deduplication(plan, place)
    judged = run_deduplication(DedupPlan("hidden", plan.out, figures=plan.figures, judged=path, search=QUICK), place)
    assert judged.summary["false_positives"]["judged"] == 1
    assert summary_lines(judged.summary)[-1] == "False: 0 of 1 judged, 0.0% to 97.5% with 95 % confidence"


def test_lines_of_a_search_in_another_set_name_no_groups():
    row = {"planted": 1_500, "found": 0.5, "paper": 0.25}
    summary = {"planted": {"flip": row}, "pairs": 2, "against": {"name": "x"}, "groups": 0, "removed": 1}
    lines = summary_lines({**summary, "removed_by_the_papers_rule": 3})
    assert lines[1] == "flip           1,500   50.0%   25.0%"
    assert lines[2:] == ["2 pairs, 1 images removed", "The paper's rule, images with the same hash: 3 removed"]


def test_a_plan_is_kept_by_toml_and_typed():
    plan = DedupPlan("a set", Path("out.h5"), split="test", against="b", search=DedupConfig(bits=3, distance=0.15))
    assert DedupPlan.from_mapping(tomllib.loads(tomli_w.dumps(plan.to_mapping()))) == plan
    assert shlex.split(plan.to_command(Workspace(results=Path("elsewhere")))) == [
        *("dcgan-probe", "dedup", "a set", "--out", "out.h5", "--split", "test", "--against", "b"),
        *("--bits", "3", "--distance", "0.15"),
    ]
    for values, words in (({"bits": 24}, "got bits 24, expected at least 0 and at most 23"), ({"plants": 0}, "plants")):
        with pytest.raises(UserError, match=words):
            DedupConfig(**values)
