"""Nets and searches that are small enough for a test, where a verb has its sizes from a preset; and a trained run."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.gan import PRESETS

WIDTH = 4


def narrow(patch, *presets):
    """Give the nets of presets 4 maps in their first layer, and a search settings of one or two passes."""
    for name in presets:
        network = replace(PRESETS[name].network, ndf=WIDTH, ngf=WIDTH)
        patch.setitem(PRESETS, name, replace(PRESETS[name], network=network))
    patch.setattr("dcgan_probe.evaluation.supervised.training.PASSES", (1, 2))


@pytest.fixture(scope="session")
def narrow_presets():
    """Give a function that makes presets narrow until a patch ends: ``narrow_presets(patch, "demo")``."""
    return narrow


TINY = ("--preset", "demo", "--ndf", "4", "--ngf", "4", "--nz", "8", "--batch-size", "32", "--device", "cpu")


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """Give the folder of a run to copy: a tiny net that has learned next to nothing from 320 images of glyphs:300."""
    folder = tmp_path_factory.mktemp("tiny") / "run"
    arguments = ["train", *TINY, "--dataset", "glyphs:300", "--images", "320", "--run", str(folder)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return folder
