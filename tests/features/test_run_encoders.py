import numpy as np
import pytest
import torch

from dcgan_probe.features import DiscriminatorEncoder, cached_features, real_statistics, run_encoder
from dcgan_probe.gan import train
from dcgan_probe.networks import build_discriminator
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import fingerprint_tensors

CPU = torch.device("cpu")


@pytest.fixture
def run(trained_run):
    return trained_run(images=16, lr=0.01)


def never():
    raise AssertionError("the training images were asked for")


def encode(encoder, images):
    return encoder.encode(images.images)


def test_trained_and_untrained_encoders_of_a_run(run, tiny_images, tiny_config):
    images = tiny_images()
    trained, untrained = (
        run_encoder(run, features, training_images=tiny_images, device=CPU, grid=2) for features in ("dcgan", "random")
    )
    for encoder, network in (
        (trained, run.discriminator()),
        (untrained, build_discriminator(tiny_config().network, tiny_config().seed)),
    ):
        statistics = real_statistics(network, images, CPU)
        expected = DiscriminatorEncoder(network, encoder.origin, statistics=statistics, grid=2, device=CPU)
        assert np.array_equal(encode(encoder, images), encode(expected, images))
    assert not np.allclose(encode(trained, images), encode(untrained, images))
    folder = str(run.folder)
    assert trained.origin.to_dict() == {
        "features": "dcgan",
        "network": "tiny",
        "trained_on": "tiny",
        "trained_on_images": 20,
        "images_seen": 16,
        "run": folder,
        "seed": 3,
        "weights": fingerprint_tensors(run.discriminator().state_dict()),
        "recipe": {},
    }
    assert (untrained.origin.features, untrained.origin.trained_on, untrained.origin.images_seen) == ("random", "", 0)


def test_an_untrained_network_of_another_seed(run, tiny_images, tiny_config):
    other = run_encoder(run, "random", training_images=tiny_images, device=CPU, grid=2, network_seed=8)
    network = build_discriminator(tiny_config().network, 8)
    statistics = real_statistics(network, tiny_images(), CPU)
    expected = DiscriminatorEncoder(network, other.origin, statistics=statistics, grid=2, device=CPU)
    assert np.array_equal(encode(other, tiny_images()), encode(expected, tiny_images()))
    assert (other.origin.seed, other.origin.weights) == (8, fingerprint_tensors(network.state_dict()))


def test_statistics_are_kept_in_the_run(run, tiny_images, tiny_config):
    for features in ("dcgan", "random"):
        first = run_encoder(run, features, training_images=tiny_images, device=CPU, grid=2)
        second = run_encoder(run, features, training_images=never, device=CPU, grid=2)
        assert np.array_equal(encode(first, tiny_images()), encode(second, tiny_images()))
        assert first.settings == second.settings
    assert len(list((run.folder / "batchnorm").glob("real-*.pt"))) == 2
    # Training changes the weights, so the old statistics do not fit.
    train(tiny_config(images=24, lr=0.01), tiny_images(), run.folder, device=CPU)
    with pytest.raises(AssertionError, match="were asked for"):
        run_encoder(run, training_images=never, device=CPU, grid=2)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x04}.", b"PK\x03\x04 half"])
def test_broken_statistics_are_computed_again(run, tiny_images, content):
    first = run_encoder(run, training_images=tiny_images, device=CPU, grid=2)
    (path,) = (run.folder / "batchnorm").glob("real-*.pt")
    path.write_bytes(content)
    asked = []
    with pytest.warns(
        UserWarning,
        match=r"real-.*\.pt does not hold the statistics of this discriminator; the file is renamed to",
    ):
        second = run_encoder(run, training_images=lambda: asked.append(1) or tiny_images(), device=CPU, grid=2)
    assert path.with_name(f"{path.name}.unreadable").read_bytes() == content
    assert asked == [1]
    assert first.settings == second.settings
    run_encoder(run, training_images=never, device=CPU, grid=2)


def test_other_training_images_are_refused(run, tiny_images):
    other = tiny_images(seed=5)
    with pytest.raises(UserError) as caught:
        run_encoder(run, training_images=lambda: other, device=CPU, grid=2)
    assert str(caught.value) == (
        f"the batch-norm statistics need the images that trained {run.folder}: got made by a test with fingerprint "
        f"{other.fingerprint}, expected made by a test with {tiny_images().fingerprint}; restore those images, "
        "or use `bn_stats=running`"
    )
    assert caught.value.parameter == "bn_stats"
    assert not (run.folder / "batchnorm").exists()


def test_running_statistics_are_those_of_training(run, tiny_images, tmp_path):
    running = run_encoder(run, bn_stats="running", training_images=never, device=CPU, grid=2)
    real = run_encoder(run, bn_stats="real", training_images=tiny_images, device=CPU, grid=2)
    images = tiny_images()
    with torch.no_grad():
        maps = run.discriminator().eval().activations(torch.from_numpy(images.images) / 127.5 - 1)
    expected = torch.nn.functional.max_pool2d(maps["conv1"], 2).flatten(1)
    np.testing.assert_allclose(encode(running, images)[:, : expected.shape[1]], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        encode(running, images)[:, expected.shape[1] :], maps["conv2"].flatten(1), rtol=1e-4, atol=1e-5
    )
    assert not np.allclose(encode(running, images), encode(real, images), rtol=1e-3)
    permuted = run_encoder(run, training_images=tiny_images, device=CPU, grid=2)
    assert permuted.settings["batch_norm"] == "real-permuted"
    for encoder in (running, real, permuted):
        assert not cached_features(encoder, images, tmp_path / "features")[1]
    assert len(list((tmp_path / "features").glob("*.h5"))) == 3


@pytest.mark.parametrize(
    ("arguments", "option", "text"),
    [
        ({"features": "vgg"}, "features", "a run has no features 'vgg': expected dcgan or random"),
        ({"bn_stats": "none"}, "bn_stats", "unknown statistics 'none': expected one of real-permuted, real, running"),
        ({"features": "random", "bn_stats": "running"}, "bn_stats", "an untrained network has no running statistics"),
        ({"layers": ["9"]}, "layers", "unknown layer 9"),
        ({"grid": 4}, "grid", "a grid of 4 does not divide maps of 2 x 2; use a divisor"),
        ({"pool": "sum"}, "pool", "unknown pooling 'sum'"),
    ],
)
def test_unknown_options_are_refused(run, tiny_images, arguments, option, text):
    with pytest.raises(UserError, match=text) as caught:
        run_encoder(run, **{"training_images": tiny_images, "device": CPU, "grid": 2, **arguments})
    assert caught.value.parameter == option
