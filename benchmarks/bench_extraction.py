"""How near does extraction, with pooling, checks and HDF5, come to the bare forward pass?

    python benchmarks/bench_extraction.py [--preset cpu32] [--images 8192] [--json OUT]

Both run the same discriminator on the same images in one process, in turns; reported are medians and their ratio. The
bare pass is timed as anyone writes it, and once more with freed memory kept, as extraction keeps it on a CPU.

2026-11-27, 2 x86_64 cores, torch 2.14.1, float32, images/s, medians of five turns; ratios of extraction to both passes:

    preset      images    bare   memory kept   extraction    ratios
    cpu32        4,096   8,498         9,166        7,523    0.86  0.78
    svhn32       4,096   2,691         2,771        2,405    0.90  0.87
    imagenet32     512     242           297          238    0.98  0.80

The machine's rate moves by a tenth between turns; two runs of cpu32 with 8,192 images gave 0.87 and 0.79 of the first.
Of what cpu32 loses, a third is the pooling, a third is the bytes on their way to the file, 14 KB an image, and the rest
the hash of the images and the check that all is finite. In imagenet32's two blocks the first one's new memory weighs.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, cached_features
from dcgan_probe.images import ImageSet, to_signed
from dcgan_probe.networks import build_discriminator
from dcgan_probe.presets import PRESETS, preset_config
from dcgan_probe.runtime import describe_device, freed_memory_kept, resolve_device, versions

TURNS = 5


def bare_forward(network, images, batch, device):
    start = time.perf_counter()
    with torch.inference_mode():
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), default="cpu32")
    parser.add_argument("--images", type=int, default=8192)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    config = preset_config(arguments.preset, device=device).network
    shape = (arguments.images, config.nc, config.image_size, config.image_size)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images = ImageSet(pixels, None, "noise", "train", "made up")
    discriminator = build_discriminator(config, 0)
    origin = EncoderOrigin("random", arguments.preset, "", 0, 0, "", 0)
    encoder = DiscriminatorEncoder(discriminator, origin, statistics=None, device=device)
    network = discriminator.to(device).to(memory_format=torch.channels_last).eval()
    rates = {"bare forward": [], "bare forward, freed memory kept": [], "extraction": []}
    for turn in range(TURNS + 1):
        bare = bare_forward(network, images, encoder.batch, device)
        with freed_memory_kept():
            kept = bare_forward(network, images, encoder.batch, device)
        whole = extraction(encoder, images)
        if turn:  # the first turn warms up
            for name, rate in zip(rates, (bare, kept, whole), strict=True):
                rates[name].append(rate)
    *bares, whole = (np.array(values) for values in rates.values())
    result = {
        "preset": arguments.preset,
        "images_per_second": {name: round(statistics.median(values), 1) for name, values in rates.items()},
        "ratios": [round(float(np.median(whole / bare)), 3) for bare in bares],
        "device": describe_device(device),
        "versions": versions(),
    }
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
