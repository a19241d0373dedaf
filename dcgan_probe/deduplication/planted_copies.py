"""Changed copies of images, by kind of change, that a search for near-duplicates should find."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from ..images import ImageSet
from ..runtime import numpy_generator

JPEG_QUALITY, BRIGHTER, NOISE = 75, 25, 8  # the latter two in gray levels


def reencoded(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Write and read each image as a JPEG of quality 75."""
    return np.stack([_reencoded(image) for image in images])


def _reencoded(image: np.ndarray) -> np.ndarray:
    content = BytesIO()
    picture = Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
    picture.save(content, format="JPEG", quality=JPEG_QUALITY)
    pixels = np.asarray(Image.open(content))
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def brightened(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Make each image lighter or darker, at random, by 25 gray levels, a tenth of the range."""
    change = random.choice([-BRIGHTER, BRIGHTER], (len(images), 1, 1, 1))
    return _pixels(images + change)


def noisy(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise with a standard deviation of 8 gray levels."""
    return _pixels(images + random.normal(0.0, NOISE, images.shape))


def shifted(images: np.ndarray, random: np.random.Generator, pixels: int) -> np.ndarray:
    """Shift each image in one of 8 directions, at random; the border is filled with the repeated edge."""
    height, width = images.shape[2:]
    ways = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]
    padded = np.pad(images, [(0, 0), (0, 0), (pixels, pixels), (pixels, pixels)], mode="edge")
    result = np.empty_like(images)
    for row, way in enumerate(random.integers(len(ways), size=len(images))):
        top, left = (pixels * (1 + step) for step in ways[way])
        result[row] = padded[row, :, top : top + height, left : left + width]
    return result


def flipped(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Mirror each image left to right."""
    return np.ascontiguousarray(images[..., ::-1])


def _pixels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "re-encoded": reencoded,
    "brightness": brightened,
    "noise": noisy,
    "shift 1": lambda images, random: shifted(images, random, 1),
    "shift 2": lambda images, random: shifted(images, random, 2),
    "flip": flipped,
}
"""Function of each kind, which changes uint8 images (n, 1 or 3, H, W) with a random generator and keeps their shape."""


def plant(images: ImageSet, most: int, seed: int) -> tuple[np.ndarray, dict[str, ImageSet]]:
    """Copy at most ``most`` random images in every kind; return their rows, int64 (n,), and the copies by kind."""
    random = numpy_generator(seed, "deduplication", "plants")
    rows = np.sort(random.choice(len(images), min(most, len(images)), replace=False))
    originals = images.images[rows]
    return rows, {
        kind: ImageSet(change(originals, random), None, images.name, images.split, f"planted: {kind}")
        for kind, change in KINDS.items()
    }
