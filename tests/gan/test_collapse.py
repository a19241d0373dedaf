"""The alarm on rows written by hand, on a run that is collapsed by construction, and on healthy runs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dcgan_probe.gan import Collapse, CollapseAlarm, Probe, Run, train
from dcgan_probe.images import ImageSet, load_images

CPU = torch.device("cpu")
HEALTHY = {"d_real": 0.7, "d_fake": 0.3, "diversity": 0.8, "dead_filters": 0.0, "oscillating_filters": 0.1}
BATCH = 10  # 200 batches are 2,000 images


def row(seen, **changes):
    return {"images_seen": seen, **HEALTHY, **changes}


def alarms(rows):
    alarm = CollapseAlarm(BATCH)
    return [alarm.add(each) for each in rows]


@pytest.mark.parametrize(
    ("sign", "changes"),
    [
        ("samples alike", {"diversity": 0.01}),
        ("D always right", {"d_real": 0.999, "d_fake": 0.002}),
        ("filters dead", {"dead_filters": 0.6}),
        ("filters oscillating", {"oscillating_filters": 0.7}),
    ],
)
def test_a_sign_counts_after_200_batches_and_three_ticks_from_its_first(sign, changes):
    found = alarms([row(1000), *(row(seen, **changes) for seen in (2000, 3000, 4000, 5000)), row(6000)])
    collapse = Collapse(2000, (sign,))
    assert found == [None, None, None, collapse, collapse, None]
    # Close together: 200 batches are needed.
    close = alarms([row(seen, **changes) for seen in range(2000, 4500, 500)])
    assert close == [None, None, None, None, collapse]
    # Far apart: three ticks are needed.
    assert alarms([row(seen, **changes) for seen in (0, 9000, 10_000)]) == [None, None, Collapse(0, (sign,))]


def test_an_interrupted_sign_starts_again():
    seen = range(0, 8000, 1000)
    found = alarms([row(at, diversity=0.5 if at == 3000 else 0.0) for at in seen])
    assert found == [
        None,
        None,
        Collapse(0, ("samples alike",)),
        None,
        None,
        None,
        *[Collapse(4000, found[-1].signs)] * 2,
    ]


def test_what_is_not_known_is_no_sign():
    assert alarms([row(seen, oscillating_filters=None) for seen in range(0, 9000, 1000)]) == [None] * 9
    # Rows of earlier versions.
    assert alarms([{"images_seen": seen, "d_real": 1.0, "d_fake": 0.0} for seen in range(0, 9000, 1000)]) == [None] * 9


@pytest.fixture(scope="module")
def digits():
    """500 colored digits of 8 x 8 pixels."""
    images = load_images("glyphs:500", "train").images
    small = images.reshape(500, 3, 8, 4, 8, 4).mean(axis=(3, 5)).round().astype(np.uint8)
    return ImageSet(small, None, "digits", "train", "made by a test")


@pytest.fixture
def config(tiny_config):
    return tiny_config(images=7680, batch_size=32, ndf=8, ngf=8, nz=8, lr=1e-3)


# A probe makes ticks at fixed positions, whatever the machine's speed.
EVERY_15_BATCHES = Probe(lambda discriminator: 0.0, 480, {})


@pytest.mark.slow
def test_a_collapse_is_seen_and_stops_the_run(tmp_path, config, digits):
    # Without batch norm the first weights give nearly the same image for every z, and nothing is learned. Which sign
    # an absurd learning rate brings about, if any, depends on how the processor rounds.
    config = replace(config, lr=1e-8, network=replace(config.network, norm="none"))
    outcome = train(config, digits, tmp_path, device=CPU, probe=EVERY_15_BATCHES, stop_on_collapse=True)
    assert outcome == "collapsed"
    rows = Run(tmp_path).stats()
    assert rows[-1]["collapse_signs"] == ["samples alike"]
    assert rows[-1]["images_seen"] - rows[-1]["collapsed_since"] >= 200 * 32
    assert Run(tmp_path).position() == rows[-1]["images_seen"] < config.images
    assert all(row["collapsed_since"] is None for row in rows[:-1])
    # Without the option the same run goes on, and its alarm knows the rows of the session before.
    assert train(config, digits, tmp_path, device=CPU, should_stop=lambda: True) == "interrupted"
    *_, again = Run(tmp_path).stats()
    assert again["images_seen"] == rows[-1]["images_seen"] + 32
    assert again["collapsed_since"] == rows[-1]["collapsed_since"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_healthy_runs_raise_no_alarm(tmp_path, config, digits, seed):
    config = replace(config, seed=seed)
    assert train(config, digits, tmp_path, device=CPU, probe=EVERY_15_BATCHES, stop_on_collapse=True) == "finished"
    rows = Run(tmp_path).stats()
    assert len(rows) >= 15
    assert [row["collapse_signs"] for row in rows] == [[]] * len(rows)
    assert rows[-1]["diversity"] > 0.2
