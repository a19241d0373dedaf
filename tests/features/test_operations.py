"""Operation counts against torch's counter during an encoding."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from dcgan_probe.features import (
    DeepKMeansEncoder,
    DictionaryConfig,
    FieldConfig,
    KMeansEncoder,
    deep_kmeans_operations,
    discriminator_operations,
    kept_deep_kmeans,
    kmeans_operations,
    learn_dictionary,
)
from dcgan_probe.gan import PRESETS
from dcgan_probe.images import load_images
from dcgan_probe.networks import build_discriminator

CPU = torch.device("cpu")
LEARNED = DictionaryConfig(centroids=40, patches=500, iterations=3)


def counted(work) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


@pytest.mark.parametrize(
    "config",
    [
        PRESETS["cpu32"].network,
        PRESETS["imagenet32"].network,
        PRESETS["tutorial64"].network,
        replace(PRESETS["imagenet32"].network, resampling="max-pool"),
    ],
    ids=["cpu32", "imagenet32", "tutorial64", "max-pool"],
)
def test_operations_of_a_discriminator(config):
    network = build_discriminator(config, 0).eval()
    found = counted(lambda: network.activations(torch.zeros(1, 3, config.image_size, config.image_size)))
    assert discriminator_operations(config) == found


def test_operations_of_one_layer_of_kmeans():
    images = load_images("glyphs:60", "train")
    encoder = KMeansEncoder(learn_dictionary(images, LEARNED, CPU), images, device=CPU)
    found = counted(lambda: encoder._encode(torch.from_numpy(images.images[:1])))
    # The product with the centroids has two more columns.
    assert kmeans_operations(LEARNED, 3, 32)[1] + 2 * 27**2 * 2 * 40 == found


def test_operations_of_three_layers(tmp_path):
    images = load_images("glyphs:60", "train")
    fields = FieldConfig(fields=3, field_maps=20, field_centroids=16, field_components=24, field_windows=200)
    deep = kept_deep_kmeans(images, LEARNED, fields, tmp_path, CPU)
    encoder = DeepKMeansEncoder(deep, images, device=CPU)
    found = counted(lambda: encoder._encode(torch.from_numpy(np.ascontiguousarray(images.images[:1]))))
    # The mean of each field's windows is whitened once per call.
    assert deep_kmeans_operations(LEARNED, fields, 3, 32)[1] + 2 * 3 * 2 * 80 * 24 == found
