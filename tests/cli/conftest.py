"""Small nets and searches for verbs whose sizes come from presets, and a trained run."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.gan import PRESETS

WIDTH = 4


def narrow(patch, *presets):
    """Limit the nets of presets to 4 maps in their first layer, and searches to settings of one or two passes."""
    for name in presets:
        network = replace(PRESETS[name].network, ndf=WIDTH, ngf=WIDTH)
        patch.setitem(PRESETS, name, replace(PRESETS[name], network=network))
    patch.setattr("dcgan_probe.evaluation.supervised.training.PASSES", (1, 2))


@pytest.fixture(scope="session")
def narrow_presets():
    """Return a function that narrows presets for the scope of a patch: ``narrow_presets(patch, "demo")``."""
    return narrow


TINY = ("--preset", "demo", "--ndf", "4", "--ngf", "4", "--nz", "8", "--batch-size", "32", "--device", "cpu")


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """Return the folder of a run to copy: a tiny, barely trained net, after 320 images of glyphs:300."""
    folder = tmp_path_factory.mktemp("tiny") / "run"
    arguments = ["train", *TINY, "--dataset", "glyphs:300", "--images", "320", "--run", str(folder)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return folder
