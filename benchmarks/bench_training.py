"""How fast is training, in images a second, compared with the common training loop, and what limits it?

    python benchmarks/bench_training.py [--preset cpu32] [--preset svhn32 ...] [--steps 15] [--turns 6] [--json OUT]
        [--precision bfloat16] [--updates alternate] [--threads 1] [--variant compiled ...]

All loops train the same networks on the same in-memory uint8 images with the same threads, in turns of a few steps, in
one process. The results are medians over the turns. The plain loop is the loop of the PyTorch example: default Adam,
gradients of D's weights also in G's update, float32; with NCHW images and with channels_last, which ours uses. ``ours``
is the project's step at the device's usual precision or at ``--precision``. ``ours, float32`` is added if that
precision differs. On a GPU, ``ours, deterministic`` uses kernels that are reproducible bit for bit, as CPU kernels
are, and ``ours, signed outside`` gets floats instead of bytes. A ``--variant`` is ours with one change of
``step_variants.py``: images padded to 8 channels, batch norm compiled with its activation, or both networks through
``torch.compile``. Operations are counted by torch's counter over one step of ours. The share is relative to the rate of
a product of two large square matrices at the loop's precision, measured in the same turns. On a CPU, torch's profiler
measures the share of convolutions in a step of ours.

2026-11-22, 2 x86_64 cores with AVX2, torch 2.15.0, float32, images/s; medians of 5 turns of 6 steps for cpu32, of 2
turns of one step for the others:

    preset      operations an image  plain NCHW  channels_last  ours   ratio  of product rate  time in convolutions
    cpu32       0.156 G                   447.4          474.1   516.8  1.01              0.59                  0.86
    svhn32      0.601 G                   135.4          137.6   175.9  1.24              0.71                  0.91
    imagenet32  5.886 G                    13.5           14.2    16.8  1.15              0.72                  0.90
    faces64     14.02 G                     6.4            6.0     6.9  1.07              0.74                  0.95

The ratio is the median over turns of ours to the faster plain loop of the turn. A ratio of 1.5 is out of reach on this
machine: 86 to 95 % of the time of a step is spent in the convolutions that the plain loop also uses, and at the full
product rate cpu32 would reach 877 images/s. ``--variant compiled`` is slower (435.5 images/s), so training does not
compile. ``--threads 1`` reaches 338.2 (plain 279.5). ``--precision bfloat16`` did not finish in ten minutes on this
processor, which has no such arithmetic.
Not measured on a GPU. On a GPU, use ``--steps 300`` for cpu32, whose steps are short, and ``--updates alternate`` for
the update schedule of the paper's nets, with 9 % more operations an image.
"""

import argparse
import statistics
import time
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import torch
from measure import write
from step_variants import VARIANTS
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dcgan_probe.gan import PRESETS, TrainState, preset_config
from dcgan_probe.images import to_signed
from dcgan_probe.networks import build_discriminator, build_generator, draw_z
from dcgan_probe.runtime import PRECISIONS, convolution_kernels, describe_device, freed_memory_kept, resolve_device

IMAGES = 4_096
SIDES = {"cpu": 2_048, "cuda": 8_192}
COUNTED_BATCH = 8
DETERMINISTIC = "ours, deterministic"


class PlainLoop:
    """Loop of the PyTorch DCGAN example: both networks on every batch."""

    def __init__(self, config, device, layout):
        self.config, self.device, self.layout = config, device, layout
        self.d = build_discriminator(config.network, 0).to(device).to(memory_format=layout).train()
        self.g = build_generator(config.network, 0).to(device).to(memory_format=layout).train()
        settings = {"lr": config.lr, "betas": (config.beta1, 0.999), "weight_decay": config.weight_decay}
        self.d_adam = torch.optim.Adam(self.d.parameters(), **settings)
        self.g_adam = torch.optim.Adam(self.g.parameters(), **settings)
        self.loss = nn.BCEWithLogitsLoss()
        self.random = torch.Generator(device).manual_seed(0)

    def step(self, pixels):
        real = to_signed(pixels).contiguous(memory_format=self.layout)
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
    """Step of the project, with an optional variant."""

    def __init__(self, config, device, *, variant=None, outside=False):
        self.state, self.outside = TrainState(config, device), outside
        if variant is not None:
            VARIANTS[variant](self.state)

    def step(self, pixels):
        self.state.step(to_signed(pixels).contiguous(memory_format=torch.channels_last) if self.outside else pixels)


def finish(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def image_rate(loop, images, batch, steps, device):
    """Measure images per second over some steps after a warm-up step; ours with the memory settings of training."""
    with freed_memory_kept() if isinstance(loop, OurLoop) else nullcontext():
        loop.step(images[:batch])
        return timed_steps(loop, images, batch, steps, device)


def timed_steps(loop, images, batch, steps, device):
    rows = torch.from_numpy(np.random.default_rng(0).integers(0, len(images), (steps, batch))).to(images.device)
    finish(device)
    start = time.perf_counter()
    for chosen in rows:
        loop.step(images[chosen])
    finish(device)
    return batch * steps / (time.perf_counter() - start)


def product_rate(precision, device, side=None):
    """Measure the operations per second of a matrix product, a large one if no side is given."""
    side = side or SIDES[device.type]
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32  # which convolutions may use as well
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    matrix = torch.randn(side, side, device=device).to(dtype)
    finish(device)
    start = time.perf_counter()
    for _ in range(3):
        matrix @ matrix
    finish(device)
    torch.backends.cuda.matmul.allow_tf32 = before
    return 3 * 2 * side**3 / (time.perf_counter() - start)


def operations(config):
    """Count the operations per image in a step of ours."""
    small, network = replace(config, batch_size=COUNTED_BATCH, precision="float32"), config.network
    state = TrainState(small, torch.device("cpu"))
    real = torch.zeros(COUNTED_BATCH, network.nc, network.image_size, network.image_size)
    with FlopCounterMode(display=False) as counter:
        state.step(real)
    return counter.get_total_flops() / COUNTED_BATCH


def convolution_share(loop, pixels):
    """Measure the share of convolutions in the time of a step on a CPU."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        loop.step(pixels)
    times = {event.key: event.self_cpu_time_total for event in profile.key_averages()}
    return sum(time for name, time in times.items() if "convolution" in name) / sum(times.values())


def compare(preset, steps, turns, device, *, precision="auto", updates="both", variants=(), on_rate=None, side=None):
    """Time all loops of a preset, and return medians.

    ``on_rate`` is called with the name of a loop and its rate as soon as it is measured. ``side`` is the side of the
    matrices whose product rate is the reference; None stands for large matrices.
    """
    config = preset_config(preset, device=device, updates=updates, precision=precision)
    network = config.network
    shape = (IMAGES, network.nc, network.image_size, network.image_size)
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)).to(device)
    single = replace(config, precision="float32")
    loops = {
        "plain, NCHW": (PlainLoop(single, device, torch.contiguous_format), "float32"),
        "plain, channels_last": (PlainLoop(single, device, torch.channels_last), "float32"),
        "ours": (OurLoop(config, device), config.precision),
    }
    if config.precision != "float32":
        loops["ours, float32"] = (OurLoop(single, device), "float32")
    if device.type == "cuda":
        loops[DETERMINISTIC] = (OurLoop(config, device), config.precision)
        loops["ours, signed outside"] = (OurLoop(config, device, outside=True), config.precision)
    for variant in variants:
        loops[f"ours, {variant}"] = (OurLoop(config, device, variant=variant), config.precision)
    rates, shares = {name: [] for name in loops}, {name: [] for name in loops}
    counted = operations(config)
    for turn in range(turns + 1):
        for name, (loop, at) in loops.items():
            with convolution_kernels(device, deterministic=name == DETERMINISTIC):
                rate = image_rate(loop, images, config.batch_size, steps, device)
            if on_rate is not None:
                on_rate(name, rate)
            product = product_rate(at, device, side)
            if turn:  # the first turn warms up
                rates[name].append(rate)
                shares[name].append(rate * counted / product)
    plain = np.maximum(rates["plain, NCHW"], rates["plain, channels_last"])
    result = {
        "preset": preset,
        "operations_an_image": counted,
        "images_per_second": {name: round(statistics.median(values), 1) for name, values in rates.items()},
        "share_of_product_rate": {name: round(statistics.median(shares[name]), 3) for name in loops if "ours" in name},
        "ratio_to_the_faster_plain_loop": {
            name: round(float(np.median(np.divide(values, plain))), 2)
            for name, values in rates.items()
            if "ours" in name
        },
        "precision": config.precision,
        "device": describe_device(device),
    }
    if device.type == "cpu":
        shares_of_time = [convolution_share(loops["ours"][0], images[: config.batch_size]) for _ in range(turns)]
        result["share_of_time_in_convolutions"] = round(statistics.median(shares_of_time), 3)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), action="append", help="may be repeated")
    parser.add_argument("--steps", type=int, default=15, help="steps in a turn")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="precision of our step")
    parser.add_argument("--updates", choices=("both", "alternate"), default="both", help="updates of our step")
    parser.add_argument("--variant", choices=list(VARIANTS), action="append", default=[], help="may be repeated")
    parser.add_argument("--threads", type=int, help="threads of all loops")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device = resolve_device(arguments.device)
    chosen = {"precision": arguments.precision, "variants": arguments.variant, "updates": arguments.updates}
    presets = arguments.preset or ["cpu32"]
    write(arguments.json, [compare(preset, arguments.steps, arguments.turns, device, **chosen) for preset in presets])


if __name__ == "__main__":
    main()
