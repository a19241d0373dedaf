from dataclasses import fields

import pytest
import torch

from dcgan_probe.gan import PRESETS, TrainConfig, preset_config
from dcgan_probe.runtime import UserError

# z, distribution of z, batch, learning rate, beta1, L2 penalty, clock: from the paper and the authors' code.
PUBLISHED = {
    "imagenet32": (256, "uniform", 128, 2e-4, 0.5, 1e-5, "alternate"),
    "svhn32": (100, "gaussian", 64, 5e-4, 0.5, 1e-5, "alternate"),
    "faces64": (100, "uniform", 128, 2e-4, 0.5, 1e-5, "alternate"),
    "tutorial64": (100, "gaussian", 128, 2e-4, 0.5, 0.0, "both"),
    "cpu32": (100, "uniform", 128, 2e-4, 0.5, 1e-5, "both"),
    "conditional": (100, "uniform", 128, 2e-4, 0.5, 2.5e-5, "alternate"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_training_is_the_published_one(name):
    config = preset_config(name)
    network = config.network
    found = (network.nz, network.z, config.batch_size, config.lr, config.beta1, config.weight_decay, config.updates)
    assert found == PUBLISHED[name]
    assert (config.preset, config.seed, config.precision, network.nc) == (name, 0, "float32", 3)


def test_length_of_the_authors_trainings():
    # Half of the images of the alternating clock are shown to the discriminator.
    assert PRESETS["imagenet32"].training["images"] == 30 * 1_280_000 // 2
    assert PRESETS["svhn32"].training["images"] == pytest.approx(200 * (73_257 - 10_000) / 2, rel=1e-3)


def test_all_presets_name_source_and_figure():
    assert {"imagenet32", "svhn32", "faces64", "tutorial64", "cpu32", "conditional", "demo"} == set(PRESETS)
    for name, preset in PRESETS.items():
        assert preset.source.startswith(("[A]", "[P]", "[T]", "[own]")), name
        assert preset.expected, name
    assert "82.8" in PRESETS["imagenet32"].expected
    assert "22.48" in PRESETS["svhn32"].expected


def test_auto_follows_the_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert preset_config().preset == "cpu32"
    assert preset_config(device=torch.device("cpu")).precision == "float32"
    on_cuda = preset_config(device=torch.device("cuda"))
    assert (on_cuda.preset, on_cuda.precision) == ("imagenet32", "bfloat16")
    assert preset_config("cpu32", device=torch.device("cuda")).preset == "cpu32"


CHANGES = {
    "images": 12_345,
    "updates": "alternate",
    "batch_size": 32,
    "lr": 1e-3,
    "beta1": 0.9,
    "weight_decay": 0.5,
    "seed": 9,
    "precision": "bfloat16",
    "sync_norm": True,
    "window": 256,
    "dataset": "svhn",
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
    "flips": True,
    "ema": 1_000,
    "keep": "best",
}


def test_every_field_can_be_changed_and_none_leaves_it():
    config = preset_config("cpu32", **CHANGES)
    for name, value in CHANGES.items():
        owner = config if hasattr(config, name) else config.network
        assert getattr(owner, name) == value, name
    given = {field.name for field in fields(TrainConfig)} | {field.name for field in fields(config.network)}
    assert given - {"preset", "network"} == set(CHANGES)
    unchanged = {name: None for name in CHANGES if name not in ("dataset", "seed", "precision")}
    assert preset_config("cpu32", **unchanged) == preset_config("cpu32")


def test_unknown_preset_is_refused():
    with pytest.raises(UserError) as caught:
        preset_config("cpu64")
    assert str(caught.value) == (
        "unknown preset 'cpu64': expected auto or one of imagenet32, svhn32, faces64, tutorial64, cpu32, conditional, "
        "demo"
    )
    assert caught.value.parameter == "preset"


@pytest.mark.parametrize(
    ("change", "option", "text"),
    [
        ({"updates": "never"}, "updates", "got updates 'never', expected both or alternate"),
        ({"images": 0}, "images", "got images 0, expected more than 0"),
        ({"lr": -1.0}, "lr", "got lr -1.0, expected more than 0"),
        ({"batch_size": 0}, "batch_size", "got batch_size 0, expected more than 0"),
        ({"batch_size": 1}, "batch_size", "got a batch size of 1, expected at least 2"),
        ({"beta1": 1.0}, "beta1", "got beta1 1.0, expected 0 <= beta1 < 1"),
        ({"weight_decay": -0.1}, "weight_decay", "got weight decay -0.1, expected 0 or more"),
        ({"precision": "float16"}, "precision", "unknown precision 'float16'"),
        ({"image_size": 33}, "image_size", "got images of 33 pixels, expected a multiple of 8"),
    ],
)
def test_values_out_of_range_are_refused(change, option, text):
    with pytest.raises(UserError, match=text) as caught:
        preset_config("cpu32", **change)
    assert caught.value.parameter == option
