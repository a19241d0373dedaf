"""How many images a second does training take, next to the common way to write the loop?

    python benchmarks/bench_training.py [--preset cpu32] [--steps 30] [--json OUT]

Both loops train the same networks on the same in-memory uint8 images, in turns of a few steps, in one process. The
plain loop is the widespread PyTorch example's: NCHW tensors, Adam without fusing, gradients of D's weights computed in
G's update too. Reported: the median over turns.

2026-11-22, 2 x86_64 cores, torch 2.15.0, float32, --preset cpu32 --steps 15, medians of six turns: plain 438 images/s,
ours 503 images/s, ratio 1.16 (channels_last, fused Adam, no gradient of D's weights in G's update).
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dcgan_probe.gan import TrainState
from dcgan_probe.images import to_signed
from dcgan_probe.networks import build_discriminator, build_generator, draw_z
from dcgan_probe.presets import PRESETS, preset_config
from dcgan_probe.runtime import describe_device, resolve_device, versions

TURNS = 6


class PlainLoop:
    """The loop of the PyTorch DCGAN example: both networks on every batch."""

    def __init__(self, config, device):
        self.config, self.device = config, device
        self.d = build_discriminator(config.network, 0).to(device).train()
        self.g = build_generator(config.network, 0).to(device).train()
        settings = {"lr": config.lr, "betas": (config.beta1, 0.999), "weight_decay": config.weight_decay}
        self.d_adam = torch.optim.Adam(self.d.parameters(), **settings)
        self.g_adam = torch.optim.Adam(self.g.parameters(), **settings)
        self.loss = nn.BCEWithLogitsLoss()
        self.random = torch.Generator(device).manual_seed(0)

    def step(self, pixels):
        real = to_signed(pixels)
        ones, zeros = torch.ones(len(real), device=self.device), torch.zeros(len(real), device=self.device)
        self.d.zero_grad()
        self.loss(self.d(real), ones).backward()
        fake = self.g(draw_z(self.config.network, len(real), self.random))
        self.loss(self.d(fake.detach()), zeros).backward()
        self.d_adam.step()
        self.g.zero_grad()
        self.loss(self.d(fake), ones).backward()
        self.g_adam.step()


class OurLoop:
    """The project's step."""

    def __init__(self, config, device):
        self.state = TrainState(config, device)

    def step(self, pixels):
        self.state.step(to_signed(pixels).contiguous(memory_format=torch.channels_last))


def measure(loop, images, batch, steps, device):
    rows = np.random.default_rng(0).integers(0, len(images), (steps, batch))
    start = time.perf_counter()
    for chosen in rows:
        loop.step(images[torch.from_numpy(chosen).to(images.device)])
    if device.type == "cuda":
        torch.cuda.synchronize()
    return batch * steps / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), default="cpu32")
    parser.add_argument("--steps", type=int, default=30, help="steps in a turn")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    config = preset_config(arguments.preset, device=device, updates="both")
    network = config.network
    shape = (4096, network.nc, network.image_size, network.image_size)
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)).to(device)
    loops = {"plain": PlainLoop(config, device), "ours": OurLoop(config, device)}
    rates = {name: [] for name in loops}
    for turn in range(TURNS + 1):
        for name, loop in loops.items():
            rate = measure(loop, images, config.batch_size, arguments.steps, device)
            if turn:  # the first turn warms up
                rates[name].append(rate)
    result = {
        "preset": arguments.preset,
        "images_per_second": {name: round(statistics.median(values), 1) for name, values in rates.items()},
        "ratio": round(float(np.median(np.divide(rates["ours"], rates["plain"]))), 2),
        "all": {name: [round(value, 1) for value in values] for name, values in rates.items()},
        "precision": config.precision,
        "device": describe_device(device),
        "versions": versions(),
    }
    print(json.dumps(result, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
