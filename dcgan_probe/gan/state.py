"""Takes a config, gives the networks and optimisers of a run and makes their updates; knows no file and no set."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import softplus

from ..networks import build_discriminator, build_generator, draw_z
from ..runtime import ALONE, Ranks, autocast, torch_generator
from .config import TrainConfig
from .shared_norm import shared_norms

BETA2 = 0.999


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Give -mean log sigmoid(real) - mean log(1 - sigmoid(fake)) of logits (N,): the sum of two cross entropies."""
    return softplus(-real).mean() + softplus(fake).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Give -mean log sigmoid(fake) of logits (N,): the non-saturating loss."""
    return softplus(-fake).mean()


@dataclass(frozen=True)
class StepStatistics:
    """Scalars of one step, left on the device."""

    d_loss: torch.Tensor
    g_loss: torch.Tensor
    d_real: torch.Tensor
    """Mean of sigmoid(logit) on the real batch."""
    d_fake: torch.Tensor
    """The same on the generated batch, before D's update."""


class TrainState:
    """Both networks, both Adam optimisers and the position, in real images seen by the discriminator.

    Of several ranks each has all of it and takes its part of every batch; gradients are averaged over the ranks before
    an optimiser reads them, so that the weights stay the same bits everywhere. It is one message an update, where
    ``DistributedDataParallel`` would have to wrap a discriminator that runs forward three times in a step, once without
    gradients of its own, and would rename the weights.
    """

    def __init__(self, config: TrainConfig, device: torch.device, ranks: Ranks = ALONE):
        self.config, self.device, self.position = config, device, 0
        self._ranks, self._part = ranks, ranks.part(config.batch_size)
        # channels_last is faster on CPU and CUDA (benchmarks/bench_training.py) and changes no stored weight.
        layout = torch.channels_last
        self.discriminator = build_discriminator(config.network, config.seed).to(device).to(memory_format=layout)
        self.generator = build_generator(config.network, config.seed).to(device).to(memory_format=layout)
        self._d_optimizer = self._adam(self.discriminator)
        self._g_optimizer = self._adam(self.generator)

    def _adam(self, network: torch.nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(
            network.parameters(),
            lr=self.config.lr,
            betas=(self.config.beta1, BETA2),
            weight_decay=self.config.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )

    def step(self, real: torch.Tensor) -> StepStatistics:
        """Show one real batch, signed (N, nc, H, W), to D: one update of D and one of G. Advances the position.

        Of several ranks each gets its part of the batch and gives the statistics of that part.

        ``both``: D, then G against the updated D, on the same generated images, so that the generator runs forward
        once. ``alternate``: G, then D, each on z of its own, as the authors' successive mini-batches; the batch that
        updates G shows D no real image and does not advance the position.
        """
        with self._norms():
            return self._step(real)

    def _norms(self) -> AbstractContextManager:
        if not self.config.sync_norm or self._ranks.size == 1:
            return nullcontext()
        return shared_norms((self.discriminator, self.generator), self._ranks)

    def _step(self, real: torch.Tensor) -> StepStatistics:
        self.discriminator.train()
        self.generator.train()
        if self.config.updates == "both":
            with autocast(self.device, self.config.precision):
                fake = self.generator(self._z("both"))
            d_loss, d_real, d_fake = self._update_discriminator(real, fake.detach())
            g_loss = self._update_generator(fake)
        else:
            with autocast(self.device, self.config.precision):
                fake = self.generator(self._z("generator"))
            g_loss = self._update_generator(fake)
            with autocast(self.device, self.config.precision), torch.no_grad():
                fake = self.generator(self._z("discriminator"))
            d_loss, d_real, d_fake = self._update_discriminator(real, fake)
        self.position += self.config.batch_size
        return StepStatistics(d_loss, g_loss, d_real, d_fake)

    def _z(self, update: str) -> torch.Tensor:
        random = torch_generator(self.config.seed, "z", update, self.position, device=self.device)
        return draw_z(self.config.network, self.config.batch_size, random)[self._part]

    def _update_discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> tuple[torch.Tensor, ...]:
        self._d_optimizer.zero_grad(set_to_none=True)
        with autocast(self.device, self.config.precision):
            # Two passes: each batch is normalised by its own statistics.
            real_logit, fake_logit = self.discriminator(real).float(), self.discriminator(fake).float()
        loss = discriminator_loss(real_logit, fake_logit)
        loss.backward()
        self._average_gradients(self.discriminator)
        self._d_optimizer.step()
        return loss.detach(), real_logit.detach().sigmoid().mean(), fake_logit.detach().sigmoid().mean()

    def _update_generator(self, fake: torch.Tensor) -> torch.Tensor:
        self._g_optimizer.zero_grad(set_to_none=True)
        # D's weights need no gradient here; its batch-norm layers still see this batch.
        self.discriminator.requires_grad_(False)
        with autocast(self.device, self.config.precision):
            logit = self.discriminator(fake).float()
        loss = generator_loss(logit)
        loss.backward()
        self.discriminator.requires_grad_(True)
        self._average_gradients(self.generator)
        self._g_optimizer.step()
        return loss.detach()

    def _average_gradients(self, network: torch.nn.Module) -> None:
        self._ranks.average([weight.grad for weight in network.parameters() if weight.grad is not None])

    def is_finite(self) -> bool:
        """Tell whether every weight of both networks is finite."""
        weights = [*self.discriminator.parameters(), *self.generator.parameters()]
        return bool(torch.stack([weight.detach().isfinite().all() for weight in weights]).all())

    def state_dict(self) -> dict[str, Any]:
        """Give everything that a checkpoint keeps, as tensors and plain values."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "generator": self.generator.state_dict(),
            "optimizers": {
                "discriminator": self._d_optimizer.state_dict(),
                "generator": self._g_optimizer.state_dict(),
            },
            "position": self.position,
            "config": self.config.to_dict(),
        }

    def load_state_dict(self, stored: dict[str, Any]) -> None:
        """Continue from ``state_dict``'s result."""
        self.discriminator.load_state_dict(stored["discriminator"])
        self.generator.load_state_dict(stored["generator"])
        self._d_optimizer.load_state_dict(stored["optimizers"]["discriminator"])
        self._g_optimizer.load_state_dict(stored["optimizers"]["generator"])
        self.position = stored["position"]
