"""Estimated costs of the rows of a table."""

import pytest

from dcgan_probe.evaluation import EvalConfig, PlannedEvaluation, SupervisedConfig, plan_evaluations, plan_supervised
from dcgan_probe.features import kmeans_operations, source_named, source_options
from dcgan_probe.networks import build_discriminator, build_generator
from dcgan_probe.reproduce import costs, evaluation_cost, training_size
from dcgan_probe.runtime import Workspace

RATE = 1e9


@pytest.fixture(autouse=True)
def one_gigabyte_in_use(monkeypatch):
    for name in ("dcgan_probe.evaluation.cost_estimate", "dcgan_probe.reproduce.costs"):
        monkeypatch.setattr(f"{name}.memory_in_use", lambda: 10**9)
    monkeypatch.setattr("dcgan_probe.evaluation.cost_estimate.product_rate", lambda: RATE)
    monkeypatch.setattr("dcgan_probe.reproduce.costs.product_rate", lambda: RATE)


def test_an_evaluation_costs_its_fits_and_the_features_that_are_not_cached():
    options = source_options(source_named("kmeans"), {"centroids": 100, "patches": 10**8})
    config = EvalConfig("kmeans", options, dataset="glyphs:300", labels=20, dtype="float16")
    (planned,) = plan_evaluations([config], Workspace())
    estimate, cached, whole = (
        planned.estimate(),
        evaluation_cost(planned, RATE, with_features=False),
        evaluation_cost(planned, RATE),
    )
    assert (cached.seconds, cached.memory_bytes, cached.disk_bytes) == (estimate.seconds, estimate.memory_bytes, 0)
    learning, encoding = kmeans_operations(options.dictionary(0), 3, 32)
    assert whole.seconds - cached.seconds == pytest.approx((learning + 360 * encoding) / 0.5 / RATE)
    assert whole.memory_bytes == 10**9 + options.dictionary(0).learning_bytes(3) > cached.memory_bytes
    assert whole.disk_bytes == 360 * 400 * 2


def test_pixels_are_kept_nowhere_and_take_no_time():
    (planned,) = plan_evaluations([EvalConfig("pixels", dataset="glyphs:300", labels=20)], Workspace())
    assert evaluation_cost(planned, RATE) == evaluation_cost(planned, RATE, with_features=False)


def test_features_of_a_run_that_is_still_to_be_made_are_counted_by_its_network(tiny_config, tiny_images):
    (pixels,) = plan_evaluations([EvalConfig("pixels", dataset="glyphs:300", labels=20)], Workspace())
    network = tiny_config().network
    config = EvalConfig("dcgan", source_named("dcgan").options(grid=1), dataset="glyphs:300", labels=20)
    planned = PlannedEvaluation(config, pixels.workspace, pixels.protocol, pixels.train, pixels.test, None, network)
    # Two convolutions of 5 x 5, from 3 to 4 maps of 4 x 4 positions and from 4 to 8 of 2 x 2.
    seconds = 2 * 25 * (3 * 4 * 16 + 4 * 8 * 4) / 0.2 / RATE
    cached = evaluation_cost(planned, RATE, with_features=False)
    assert evaluation_cost(planned, RATE).seconds - cached.seconds == pytest.approx(360 * seconds)
    imported = costs.import_cost(network, pixels.train)
    assert imported.seconds == pytest.approx(1.15 * 300 * seconds)
    assert imported.disk_bytes == 4 * sum(weight.numel() for weight in build_discriminator(network, 0).parameters())


def test_a_supervised_row_costs_what_its_search_says(monkeypatch):
    module = "dcgan_probe.evaluation.supervised.search"
    monkeypatch.setattr(f"{module}.training_rate", lambda *_: 1e3)
    monkeypatch.setattr(f"{module}.memory_in_use", lambda: 10**9)
    config = SupervisedConfig("glyphs:100", 10, "demo", settings=2, draws=2, workers=1)
    planned = plan_supervised(config, Workspace(device="cpu"))
    estimate = planned.estimate()
    assert evaluation_cost(planned, RATE) == costs.Cost(estimate.seconds, estimate.memory_bytes)
    assert estimate.seconds > 0


def test_the_size_of_a_training_is_that_of_both_networks(tiny_config):
    config, network = tiny_config(images=1000, updates="alternate"), tiny_config().network
    size = training_size(config, RATE)
    networks = build_discriminator(network, 0), build_generator(network, 0)
    assert size.carried_bytes == 2 * sum(weight.numel() for each in networks for weight in each.parameters())
    assert size.seconds == pytest.approx(2 * 25 * (3 * 4 * 16 + 4 * 8 * 4) * 1000 / RATE)
