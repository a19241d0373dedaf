"""Networks and optimizers of a run, and their updates.

On CUDA, the work of a step, from the uint8 images to the statistics, is recorded once and replayed. The real batch and
z depend on the position, so they are made outside of the recording and passed to it.

As in the authors' code, conditional networks receive the labels of the real batch, both for its images and for the
images to generate.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import softplus

from ..images import to_signed
from ..networks import Generator, build_discriminator, build_generator, draw_z
from ..runtime import ALONE, Ranks, autocast, torch_generator
from .config import TrainConfig
from .cuda_graphs import Recorded
from .moving_average import MovingAverage
from .sync_batchnorm import shared_norms

BETA2 = 0.999


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return -mean log sigmoid(real) - mean log(1 - sigmoid(fake)) of logits (N,): the sum of two cross entropies."""
    return softplus(-real).mean() + softplus(fake).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return -mean log sigmoid(fake) of logits (N,): the non-saturating loss."""
    return softplus(-fake).mean()


def network_input(images: torch.Tensor) -> torch.Tensor:
    """Convert uint8 images (N, nc, H, W) to signed float32, channels last; return signed ones as they are."""
    if images.dtype != torch.uint8:
        return images
    return to_signed(images).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class StepStatistics:
    """Scalars of one step on the device; on CUDA, the next step overwrites them."""

    d_loss: torch.Tensor
    g_loss: torch.Tensor
    d_real: torch.Tensor
    """Mean of sigmoid(logit) on the real batch."""
    d_fake: torch.Tensor
    """Mean of sigmoid(logit) on the generated batch, before D's update."""


class TrainState:
    """Both networks, both Adam optimizers and the position, in real images seen by the discriminator.

    Each of several ranks has the whole state and processes its part of every batch. Gradients are averaged over the
    ranks before an optimizer reads them, so that the weights have the same bits on all ranks. This takes one message
    per update. ``DistributedDataParallel`` would have to wrap a discriminator that runs forward three times in a step,
    once without its own gradients, and would rename the weights.
    """

    def __init__(self, config: TrainConfig, device: torch.device, ranks: Ranks = ALONE):
        self.config, self.device, self.position = config, device, 0
        self._ranks, self._part = ranks, ranks.part(config.batch_size)
        # channels_last is faster on CPU and CUDA (benchmarks/bench_training.py) and does not change stored weights.
        layout = torch.channels_last
        self.discriminator = build_discriminator(config.network, config.seed).to(device).to(memory_format=layout)
        self.generator = build_generator(config.network, config.seed).to(device).to(memory_format=layout)
        self._d_optimizer = self._adam(self.discriminator)
        self._g_optimizer = self._adam(self.generator)
        self.average = MovingAverage(self.generator, config.batch_size, config.ema) if config.ema else None
        self._make_updates()

    def _make_updates(self) -> None:
        updates = self._both if self.config.updates == "both" else self._alternate
        self._updates: Callable[..., StepStatistics] = updates
        if self.device.type == "cuda":
            self._updates = Recorded(updates, self._tensors)

    def _adam(self, network: torch.nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(
            network.parameters(),
            lr=self.config.lr,
            betas=(self.config.beta1, BETA2),
            weight_decay=self.config.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
            capturable=self.device.type == "cuda",
        )

    def step(self, real: torch.Tensor, labels: torch.Tensor | None = None) -> StepStatistics:
        """Update D and G once with one real batch, and advance the position.

        ``real`` are uint8 or signed images (N, nc, H, W), of the same kind in all calls. Conditional networks need the
        ``labels`` of the batch, int64 (N,); they are None for others.

        Each of several ranks passes its part of the batch, and receives the statistics of that part.

        ``both`` updates D, then G against the updated D, on the same generated images, so that the generator runs
        forward once. ``alternate`` updates G, then D, each with its own z, like the authors' successive mini-batches;
        the batch that updates G shows D no real image and does not advance the position.
        """
        with self._norms():
            return self._step(real, labels)

    def _norms(self) -> AbstractContextManager:
        if not self.config.sync_norm or self._ranks.size == 1:
            return nullcontext()
        return shared_norms((self.discriminator, self.generator), self._ranks)

    def _step(self, real: torch.Tensor, labels: torch.Tensor | None) -> StepStatistics:
        for network in (self.discriminator, self.generator):
            if not network.training:  # setting the mode takes longer than a replay
                network.train()
        purposes = ("both",) if self.config.updates == "both" else ("generator", "discriminator")
        if self.config.flips:
            real = self._flipped(real)
        inputs = [real, *(self._z(purpose) for purpose in purposes)]
        statistics = self._updates(*inputs) if labels is None else self._updates(*inputs, labels)
        self.position += self.config.batch_size
        return statistics

    def _flipped(self, real: torch.Tensor) -> torch.Tensor:
        random = torch_generator(self.config.seed, "flips", self.position, device=self.device)
        mirrored = torch.rand(self.config.batch_size, generator=random, device=self.device)[self._part] < 0.5
        return torch.where(mirrored.view(-1, 1, 1, 1), real.flip(3), real)

    def _both(self, real: torch.Tensor, z: torch.Tensor, labels: torch.Tensor | None = None) -> StepStatistics:
        fake = self._generate(z, labels)
        d_loss, d_real, d_fake = self._update_discriminator(network_input(real), fake.detach(), labels)
        g_loss = self._update_generator(fake, labels)
        return StepStatistics(d_loss, g_loss, d_real, d_fake)

    def _alternate(
        self, real: torch.Tensor, z_for_g: torch.Tensor, z_for_d: torch.Tensor, labels: torch.Tensor | None = None
    ) -> StepStatistics:
        g_loss = self._update_generator(self._generate(z_for_g, labels), labels)
        with torch.no_grad():
            fake = self._generate(z_for_d, labels)
        d_loss, d_real, d_fake = self._update_discriminator(network_input(real), fake, labels)
        return StepStatistics(d_loss, g_loss, d_real, d_fake)

    def _generate(self, z: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        with autocast(self.device, self.config.precision):
            return self.generator(z, labels)

    def _z(self, update: str) -> torch.Tensor:
        random = torch_generator(self.config.seed, "z", update, self.position, device=self.device)
        return draw_z(self.config.network, self.config.batch_size, random)[self._part]

    def _update_discriminator(
        self, real: torch.Tensor, fake: torch.Tensor, labels: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        self._d_optimizer.zero_grad(set_to_none=True)
        with autocast(self.device, self.config.precision):
            # Two passes, since each batch is normalized by its own statistics.
            real_logit, fake_logit = (self.discriminator(images, labels).float() for images in (real, fake))
        loss = discriminator_loss(real_logit, fake_logit)
        loss.backward()
        self._average_gradients(self.discriminator)
        self._d_optimizer.step()
        return loss.detach(), real_logit.detach().sigmoid().mean(), fake_logit.detach().sigmoid().mean()

    def _update_generator(self, fake: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        self._g_optimizer.zero_grad(set_to_none=True)
        # D's weights need no gradient here; its batch-norm layers still see this batch.
        self.discriminator.requires_grad_(False)
        with autocast(self.device, self.config.precision):
            logit = self.discriminator(fake, labels).float()
        loss = generator_loss(logit)
        loss.backward()
        self.discriminator.requires_grad_(True)
        self._average_gradients(self.generator)
        self._g_optimizer.step()
        if self.average is not None:
            self.average.update(self.generator)
        return loss.detach()

    def _average_gradients(self, network: torch.nn.Module) -> None:
        self._ranks.average([weight.grad for weight in network.parameters() if weight.grad is not None])

    @property
    def sampler(self) -> Generator:
        """Generator whose samples are shown: the average of its weights if the run keeps one."""
        return self.generator if self.average is None else self.average.network

    def is_finite(self) -> bool:
        """Return whether every weight of both networks is finite."""
        weights = [*self.discriminator.parameters(), *self.generator.parameters()]
        return bool(torch.stack([weight.detach().isfinite().all() for weight in weights]).all())

    def _tensors(self) -> dict[str, torch.Tensor]:
        """Return all tensors on the device that a step changes, by name."""
        networks = {"discriminator": self.discriminator, "generator": self.generator, "average": self.sampler}
        optimizers = {"discriminator": self._d_optimizer, "generator": self._g_optimizer}
        changed = {f"{of}.{name}": value for of, net in networks.items() for name, value in net.state_dict().items()}
        for of, optimizer in optimizers.items():
            for number, moments in enumerate(optimizer.state.values()):
                changed |= {f"{of}.optimizer.{number}.{name}": value for name, value in moments.items()}
        return changed

    def state_dict(self) -> dict[str, Any]:
        """Return the content of a checkpoint, as tensors and plain values."""
        average = {} if self.average is None else {"average": self.average.network.state_dict()}
        return {
            "discriminator": self.discriminator.state_dict(),
            "generator": self.generator.state_dict(),
            "optimizers": {
                "discriminator": self._d_optimizer.state_dict(),
                "generator": self._g_optimizer.state_dict(),
            },
            "position": self.position,
            "config": self.config.to_dict(),
            **average,
        }

    def load_state_dict(self, stored: dict[str, Any]) -> None:
        """Restore the state from a result of ``state_dict``."""
        self.discriminator.load_state_dict(stored["discriminator"])
        self.generator.load_state_dict(stored["generator"])
        for name, optimizer in (("discriminator", self._d_optimizer), ("generator", self._g_optimizer)):
            own = [{key: group[key] for key in ("fused", "capturable")} for group in optimizer.param_groups]
            kept = stored["optimizers"][name]
            # Settings of this device, not of the one that saved; they also decide where the count of steps is stored.
            groups = [{**group, **settings} for group, settings in zip(kept["param_groups"], own, strict=True)]
            optimizer.load_state_dict({**kept, "param_groups": groups})
        if self.average is not None:
            self.average.network.load_state_dict(stored["average"])
        self.position = stored["position"]
        self._make_updates()  # a recording refers to the old tensors
