"""What does reading in windows cost compared with a set in memory: images a second, memory, a probe's accuracy?

    python benchmarks/bench_streaming.py [--dataset glyphs:20000] [--probe glyphs:4000] [--preset demo] [--json OUT]

The set is written to an image file, sorted by class if it has labels: the hardest order for shuffled blocks. Rates are
medians of turns in one process, for batches alone and with training steps. Then a network is trained both ways for each
seed, and a linear SVM on the features of half of the probe's training images is scored on the other half.

2026-11-22, 2 x86_64 cores, torch 2.15.0, --images 60000, beside other work: batches alone 112,655 images/s in memory
and 92,787 in windows of 2,048 images, with training 1,022 and 1,070; 61.4 and 18.9 MB held. Accuracy of three seeds
84.8, 84.6, 85.2 % and 82.8, 86.7, 82.7 %: a difference (windows minus memory) of -0.8 points with a standard
error of 1.5, so three seeds show no loss.
"""

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from dcgan_probe.features import run_encoder
from dcgan_probe.gan import PRESETS, Run, TrainState, held_bytes, preset_config, train
from dcgan_probe.gan.batches import open_batches
from dcgan_probe.images import load_images
from dcgan_probe.linear import L2SVMClassifier
from dcgan_probe.runtime import describe_device, resolve_device, versions
from dcgan_probe.storage import write_image_file

TURNS, BLOCK = 3, 4096


def sorted_file(dataset, folder):
    """Write the training split to a file, sorted by class, and open the file."""
    images = load_images(dataset, "train", download=False)
    order = np.arange(len(images)) if images.labels is None else np.argsort(images.labels, kind="stable")
    starts = range(0, len(images), BLOCK)
    blocks = ((images.images[order[start : start + BLOCK]], None) for start in starts)
    path = Path(folder) / "sorted.h5"
    write_image_file(path, blocks, rows=len(images), name=images.name, split="train", source=images.source)
    return load_images(str(path), "train")


def rate(config, images, device, count, *, steps):
    """Measure images per second over ``count`` images, in new batches that begin within the first pass."""
    batches, state = open_batches(config, images, device), TrainState(config, device)
    batches.batch(0)  # the first window is read before timing starts, as is the whole set in memory
    start = time.perf_counter()
    for position in range(0, count, config.batch_size):
        real, _ = batches.batch(position)
        if steps:
            state.step(real)
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize()
    return count / (time.perf_counter() - start)


def rates(configs, images, device, count, *, steps):
    """Measure the rate of each config in turns, and return the medians."""
    found = {name: [] for name in configs}
    for turn in range(TURNS + 1):
        for name, config in configs.items():
            value = rate(config, images, device, count, steps=steps)
            if turn:  # the first turn warms up
                found[name].append(value)
    return {name: round(statistics.median(values), 1) for name, values in found.items()}


def probe_accuracy(config, images, labelled, device):
    """Train, and return the accuracy in percent of an SVM on the second half of the labeled images."""
    with tempfile.TemporaryDirectory() as folder:
        train(config, images, folder, device=device)
        encoder = run_encoder(Run(folder), training_images=lambda: images, device=device)
        features = np.concatenate([encoder.encode(block) for block in labelled.blocks(encoder.batch)])
    rows = np.random.default_rng(0).permutation(len(labelled))
    fitted, judged = np.array_split(rows, 2)
    classifier = L2SVMClassifier(C=1e-3).fit(features[fitted], labelled.labels[fitted])
    return 100 * float(np.mean(classifier.predict(features[judged]) == labelled.labels[judged]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="glyphs:20000", help="training images")
    parser.add_argument("--probe", default="glyphs:4000", help="labeled images (training split)")
    parser.add_argument("--preset", choices=list(PRESETS), default="demo")
    parser.add_argument("--window", type=int, default=2048)
    parser.add_argument("--images", type=int, default=200_000, help="images shown in a training")
    parser.add_argument(
        "--rate-images", type=int, default=20_000, help="images in a turn; a tenth of them with training steps"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    config = preset_config(arguments.preset, device=device, images=arguments.images, dataset=arguments.dataset)
    with tempfile.TemporaryDirectory() as folder:
        images = sorted_file(arguments.dataset, folder)
        labelled = load_images(arguments.probe, "train", download=False)
        configs = {"memory": config, "windows": replace(config, window=arguments.window)}
        result = {
            "images_per_second": {
                "batches alone": rates(configs, images, device, arguments.rate_images, steps=False),
                "training": rates(configs, images, device, arguments.rate_images // 10, steps=True),
            },
            "held_mb": {name: round(held_bytes(images, each.window) / 1e6, 1) for name, each in configs.items()},
            "accuracy": {
                name: [
                    round(probe_accuracy(replace(each, seed=seed), images, labelled, device), 2)
                    for seed in range(arguments.seeds)
                ]
                for name, each in configs.items()
            },
        }
    differences = np.subtract(result["accuracy"]["windows"], result["accuracy"]["memory"])
    result |= {
        "difference": {"mean": round(float(differences.mean()), 2), "each": differences.round(2).tolist()},
        "settings": {name: str(value) for name, value in vars(arguments).items()},
        "device": describe_device(device),
        "versions": versions(),
    }
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
