"""How close are extraction (with pooling, checks and HDF5) and batch-norm statistics to the bare forward pass?

    python benchmarks/bench_extraction.py [--preset cpu32] [--preset svhn32 ...] [--images 8192] [--json OUT]

All methods run the same discriminator on the same images in one process, in turns. The results are medians of rates and
of the ratios within a turn. The bare pass is timed in its usual form, and with freed memory kept, as extraction does on
a CPU.

2026-11-28, 2 x86_64 cores, torch 2.14.1, float32, images/s, medians of five turns; ratios to both bare passes:

    preset      images    bare   memory kept   extraction      ratios   statistics      ratios
    cpu32        4,096   7,060         7,426        5,804  0.80  0.77        6,284  0.88  0.85
    svhn32       4,096   2,304         2,293        2,102  0.87  0.90        2,210  0.89  0.93
    imagenet32     512     217           228          219  1.04  0.96          233  1.09  0.98

The machine's rate varies by a tenth between turns. Of the loss of cpu32 in extraction, a third is pooling, a third is
writing the file, 14 KB an image, and the rest is the hash of the images and the check for finite numbers. The
statistics are the moments that batch norm computes for each batch anyway. Their batches of 128 use less memory than
extraction's 256, which matters for imagenet32.
"""

import argparse
import statistics
import tempfile
import time

import numpy as np
import torch
from measure import write

from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, cached_features, real_statistics
from dcgan_probe.gan import PRESETS, preset_config
from dcgan_probe.images import ImageSet, to_signed
from dcgan_probe.networks import build_discriminator
from dcgan_probe.runtime import describe_device, freed_memory_kept, full_float32, resolve_device

TURNS = 5


def bare_forward(network, images, batch, device):
    start = time.perf_counter()
    with torch.inference_mode(), full_float32():  # as extraction and statistics
        for first in range(0, len(images), batch):
            block = to_signed(torch.from_numpy(images.images[first : first + batch]).to(device))
            network.activations(block.contiguous(memory_format=torch.channels_last))
    if device.type == "cuda":
        torch.cuda.synchronize()
    return len(images) / (time.perf_counter() - start)


def extraction(encoder, images):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        cached_features(encoder, images, folder)
        return len(images) / (time.perf_counter() - start)


def statistics_rate(network, images, device):
    start = time.perf_counter()
    real_statistics(network, images, device)
    return len(images) / (time.perf_counter() - start)


def compare(preset, rows, device):
    config = preset_config(preset, device=device).network
    shape = (rows, config.nc, config.image_size, config.image_size)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images = ImageSet(pixels, None, "noise", "train", "made up")
    discriminator = build_discriminator(config, 0)
    origin = EncoderOrigin("random", preset, "", 0, 0, "", 0)
    encoder = DiscriminatorEncoder(discriminator, origin, statistics=None, device=device)
    network = discriminator.to(device).to(memory_format=torch.channels_last).eval()
    rates = {"bare forward": [], "bare forward, freed memory kept": [], "extraction": [], "batch-norm statistics": []}
    for turn in range(TURNS + 1):
        bare = bare_forward(network, images, encoder.batch, device)
        with freed_memory_kept():
            kept = bare_forward(network, images, encoder.batch, device)
        whole, moments = extraction(encoder, images), statistics_rate(network, images, device)
        if turn:  # the first turn warms up
            for name, rate in zip(rates, (bare, kept, whole, moments), strict=True):
                rates[name].append(rate)
    *bares, whole, moments = (np.array(values) for values in rates.values())
    return {
        "preset": preset,
        "images_per_second": {name: round(statistics.median(values), 1) for name, values in rates.items()},
        "ratios_of_extraction": [round(float(np.median(whole / bare)), 3) for bare in bares],
        "ratios_of_batch_norm_statistics": [round(float(np.median(moments / bare)), 3) for bare in bares],
        "device": describe_device(device),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), action="append", help="may be repeated")
    parser.add_argument("--images", type=int, default=8192)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    presets = arguments.preset or ["cpu32"]
    write(arguments.json, [compare(preset, arguments.images, device) for preset in presets])


if __name__ == "__main__":
    main()
