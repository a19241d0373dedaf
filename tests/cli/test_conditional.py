"""``train --preset conditional``, ``sample --class`` and ``eval-generated``, against scikit-learn on the samples."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from dcgan_probe.cli import main
from dcgan_probe.gan import Run
from dcgan_probe.images import load_images
from dcgan_probe.investigations.generated_images import with_classes_of
from dcgan_probe.runtime import Notice
from dcgan_probe.storage import read_json, write_image_file

TINY = ["--ndf", "4", "--ngf", "4", "--hidden", "8", "--batch-size", "20", "--images", "40", "--device", "cpu"]


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the folder of a conditional run on 60 glyphs."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    result = run("train", "--preset", "conditional", "--dataset", "glyphs:60", *TINY, "--run", folder)
    assert result.exit_code == 0, result.output
    return folder


def sampled(folder, *arguments):
    result = run("sample", "--run", folder, "--device", "cpu", *arguments)
    assert result.exit_code == 0, result.output
    grid, arrays = result.stdout.split()
    with np.load(arrays) as stored:
        return size_of(grid), dict(stored)


def size_of(picture):
    with Image.open(picture) as opened:
        return opened.size


def test_classes_and_channels_come_from_the_images(trained):
    network = Run(trained).config.network
    assert (network.classes, network.nc, network.affine, network.output) == (10, 3, False, "sigmoid")
    assert Run(trained).config.preset.startswith("conditional (ndf 4, ngf 4, hidden 8, batch_size 20)")
    assert Run(trained).trained_on.class_names == tuple("0123456789")
    assert size_of(trained / "samples" / "fixed-noise-0000000040.png") == (8 * 34 + 2, 10 * 34 + 2)


def test_classes_in_another_order_are_renumbered_as_in_the_run(trained):
    images = load_images("glyphs:60", "test")
    labels = np.arange(12) % 10
    turned = replace(images, labels=9 - labels, class_names=images.class_names[::-1])
    with pytest.warns(Notice, match=r"a different order \(9, 8, .*; labels are renumbered by name"):
        matched = with_classes_of(Run(trained), turned)
    np.testing.assert_array_equal(matched.labels, labels)


def test_samples_have_each_class_in_turn_or_one_class(trained):
    grid, drawn = sampled(trained, "--count", "30")
    assert grid == (10 * 34 + 2, 3 * 34 + 2)
    assert drawn["labels"].tolist() == [*range(10)] * 3
    _, sevens = sampled(trained, "--count", "30", "--class", "7")
    assert sevens["labels"].tolist() == [7] * 30
    np.testing.assert_array_equal(sevens["z"], drawn["z"])
    same = np.abs(sevens["images"].astype(int) - drawn["images"]).max((1, 2, 3)) <= 1
    assert same[7::10].all()
    assert not same[8::10].any()


def test_eval_generated_is_scikit_learn_on_the_samples(trained):
    arguments = ["eval-generated", "--run", trained, "--counts", "20,50,100", "--seed", "1", "--device", "cpu"]
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    picture, numbers, *table = result.stdout.splitlines()
    assert size_of(picture)[0] > 300
    firsts = [line.split()[0] for line in table if line and "%" not in line]
    assert [first for first in firsts if first.isdecimal()] == ["20", "50", "60", "100"]
    told = read_json(numbers)
    assert json.loads(run(*arguments, "--json").stdout)["numbers"] == told["numbers"]
    assert told["numbers"]["dataset"] == "glyphs"
    found = {(each["fitted_on"], each["count"]): each for each in told["numbers"]["errors"]}
    _, drawn = sampled(trained, "--count", "100", "--seed", "1")
    train, test = (load_images("glyphs:60", split) for split in ("train", "test"))
    cases = {("generated", count): (drawn["images"][:count], drawn["labels"][:count]) for count in (20, 50, 100)}
    cases["real", 60] = (train.images[:], train.labels)
    assert set(found) == {*cases, ("real", 20), ("real", 50)}
    for case, (images, labels) in cases.items():
        classifier = KNeighborsClassifier(1, algorithm="brute").fit(flat(images), labels)
        wrong = int((classifier.predict(flat(test.images[:])) != test.labels).sum())
        assert (found[case]["wrong"], found[case]["tested"]) == (wrong, len(test))
        assert found[case]["error"] == pytest.approx(wrong / len(test), rel=1e-5)


def flat(images):
    return images.reshape(len(images), -1).astype(float)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["sample", "--class", "ten"], "got class 'ten', expected 0 to 9 or one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"),
        (["sample", "--class", "10"], "Invalid value for --class: got class '10', expected 0 to 9"),
        (["eval-generated", "--counts", "10,5"], "Invalid value for --counts: got the counts 10, 5, expected"),
        (["walk"], "is conditional on 10 classes, and walk needs networks without labels"),
        (["extract", "--dataset", "glyphs:20"], "is conditional on 10 classes: its discriminator needs an image and"),
    ],
)
def test_unsupported_uses_of_a_conditional_run_are_refused(trained, arguments, text):
    result = run(*arguments, "--run", trained, "--device", "cpu")
    assert result.exit_code == 2
    assert text in " ".join(result.output.split())


def test_a_run_without_classes_and_a_set_without_labels_are_refused(tmp_path):
    pixels = np.zeros((20, 3, 32, 32), np.uint8)
    path = tmp_path / "plain_train.h5"
    write_image_file(path, [(pixels, None)], rows=20, name="plain", split="train", source="a test")
    fixed = ["train", "--preset", "conditional", "--dataset", path, *TINY, "--run", tmp_path / "run"]
    result = run(*fixed)
    assert result.exit_code == 2
    assert "has no labels, and counting the classes needs them" in " ".join(result.output.split())
    result = run(*fixed, "--classes", "4")
    assert "has no labels, and a conditional network needs them" in " ".join(result.output.split())
    assert run(*fixed, "--classes", "0", "--no-flips", "--affine").exit_code == 0
    for verb in (["sample", "--class", "1"], ["eval-generated"]):
        result = run(*verb, "--run", tmp_path / "run", "--device", "cpu")
        assert result.exit_code == 2
        assert "is not conditional: its generator takes no class; train one with" in " ".join(result.output.split())


def test_images_of_other_classes_or_shape_are_refused(trained, tmp_path):
    for name, size, classes in (("two", 32, 2), ("small", 16, 10)):
        for split in ("train", "test"):
            pixels, labels = np.zeros((20, 3, size, size), np.uint8), np.arange(20) % classes
            path = tmp_path / f"{name}_{split}.h5"
            write_image_file(path, [(pixels, labels)], rows=20, name=name, split=split, source="a test")
    arguments = ["eval-generated", "--run", trained, "--data-dir", tmp_path, "--device", "cpu", "--dataset"]
    told = " ".join(run(*arguments, "two").output.split())
    assert "two (train) has 2 classes, but" in told
    assert "is conditional on 10; take the set that trained it" in told
    told = " ".join(run(*arguments, "small").output.split())
    assert "small has images of (3, 16, 16) (channels, height, width), but" in told
