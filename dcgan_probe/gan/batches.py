"""Takes images and a position, gives the mini-batch of that position; knows no network.

The order is a new permutation in each pass over the set, and a batch may span two passes. Since the batch depends on
(seed, position) alone, a resumed run sees exactly the images that an uninterrupted one would have seen.
"""

import numpy as np
import torch

from ..images import ImageSet, to_signed
from ..runtime import UserError, torch_generator

CUDA_SHARE = 0.5  # of the free device memory that the images may take before they stay on the host


class BatchStream:
    """Shuffled mini-batches of an image set, addressed by position.

    The uint8 images live on ``device`` if they fit there, else in host memory.
    """

    def __init__(self, images: ImageSet, batch_size: int, seed: int, device: torch.device):
        if len(images) < batch_size:
            raise UserError(
                f"got {len(images)} training images, expected at least one batch of {batch_size}; "
                "give more images or a smaller batch",
                option="batch-size",
            )
        self._rows, self._batch_size, self._seed, self._device = len(images), batch_size, seed, device
        pixels = torch.from_numpy(np.ascontiguousarray(images.images[:]))
        self._pixels = pixels.to(device) if fits(pixels.nbytes, device) else pixels
        self._order: tuple[int, torch.Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    def rows(self, position: int) -> torch.Tensor:
        """Give the row numbers, int64 (batch_size,), of the batch that starts at ``position`` images seen."""
        parts, start, stop = [], position, position + self._batch_size
        while start < stop:
            number, offset = divmod(start, self._rows)
            part = self._pass(number)[offset : offset + stop - start]
            parts.append(part)
            start += len(part)
        return torch.cat(parts)

    def batch(self, position: int) -> torch.Tensor:
        """Give the signed float32 images (batch_size, channels, H, W), channels last, of ``position``."""
        rows = self.rows(position).to(self._pixels.device)
        signed = to_signed(self._pixels[rows].to(self._device, non_blocking=True))
        return signed.contiguous(memory_format=torch.channels_last)

    def _pass(self, number: int) -> torch.Tensor:
        if self._order[0] != number:
            random = torch_generator(self._seed, "order", number)
            self._order = (number, torch.randperm(self._rows, generator=random))
        return self._order[1]


def fits(size: int, device: torch.device) -> bool:
    """Tell whether ``size`` bytes of images may live on ``device``."""
    return device.type != "cuda" or size < CUDA_SHARE * torch.cuda.mem_get_info(device)[0]
