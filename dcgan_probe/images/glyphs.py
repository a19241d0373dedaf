"""Takes a number of images, a split and a seed, gives drawn street numbers with their digits; knows no file.

Each image shows one digit in its middle, as a crop of a photographed house number does: neighbours of the same typeface
reach in at the sides, the wall behind may change colour at an edge, and there is a shadow, uneven light, blur and noise.
Images come in blocks of ``BLOCK`` with a generator each, so that an image depends on (seed, split, index) only.
"""

from collections.abc import Iterator

import numpy as np

from ..runtime import numpy_generator
from .glyph_masks import DIGIT_HEIGHT, DIGITS, SIDE, glyph_masks
from .imageset import ImageSet

SIZE = 32  # height and width of an image
TRAIN_IMAGES = 20_000
TRAIN_PER_TEST = 5
BLOCK = 256
LIGHT_ON_DARK = 0.8  # share of images with light digits
COARSE = 5  # side of the grid of random values behind the wall's texture

# Pixel centres relative to the image's centre, each float32 (SIZE * SIZE,).
Y, X = (axis.ravel().astype(np.float32) - (SIZE - 1) / 2 for axis in np.mgrid[:SIZE, :SIZE])


def draw_glyph_set(train_images: int, split: str, seed: int) -> ImageSet:
    """Draw ``train_images`` images for ``train``, a fifth as many for ``test``: uint8 (N, 3, 32, 32)."""
    count = train_images if split == "train" else train_images // TRAIN_PER_TEST
    images = np.empty((count, 3, SIZE, SIZE), np.uint8)
    labels = np.empty(count, np.int64)
    for start, (block_images, block_labels) in zip(range(0, count, BLOCK), draw_blocks(count, split, seed), strict=True):
        images[start : start + BLOCK], labels[start : start + BLOCK] = block_images, block_labels
    return ImageSet(images, labels, "glyphs", split, f"drawn with seed {seed}", tuple(DIGITS))


def draw_blocks(count: int, split: str, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw ``count`` images in blocks: uint8 (n, 3, 32, 32) and labels int64 (n,).

    The last block is drawn whole and cut, which makes a smaller set the beginning of a larger one.
    """
    for start in range(0, count, BLOCK):
        images, labels = draw_block(numpy_generator(seed, "glyphs", split, start // BLOCK))
        yield images[: count - start], labels[: count - start]


def draw_block(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw one block: images uint8 (BLOCK, 3, 32, 32) and labels int64 (BLOCK,)."""
    digits = rng.integers(0, 10, (BLOCK, 3))  # left neighbour, the labelled digit, right neighbour
    ink = _draw_ink(rng, digits)
    wall_level, ink_level = _draw_levels(rng)
    picture = _draw_wall(rng, wall_level)
    picture *= 1 - _uniform(rng, 0, 0.6)[:, :, None] * _shifted(rng, ink)[:, None]  # the shadow
    picture += ink[:, None] * (_tinted(rng, ink_level)[:, :, None] - picture)
    light = _uniform(rng, -0.012, 0.012) * X + _uniform(rng, -0.012, 0.012) * Y
    picture *= 1 + light[:, None]
    photo = _blurred(rng, picture.reshape(BLOCK, 3, SIZE, SIZE))
    photo += _uniform(rng, 0, 9)[:, :, None, None] * rng.standard_normal(photo.shape, np.float32)
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8), digits[:, 1].copy()


def _uniform(rng: np.random.Generator, low: float, high: float, columns: int = 1) -> np.ndarray:
    return rng.uniform(low, high, (BLOCK, columns)).astype(np.float32)


def _normal(rng: np.random.Generator, deviation: float, limit: float) -> np.ndarray:
    return np.clip(rng.normal(0, deviation, (BLOCK, 1)), -limit, limit).astype(np.float32)


def _draw_ink(rng: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """Draw three digits a row, each image under its own affine map: float32 (BLOCK, SIZE * SIZE), 0 to 1.

    A pixel (x, y) looks up the point (u, v) of a strip of three cells, one a digit.
    """
    atlas = glyph_masks()
    typeface = rng.integers(0, len(atlas.masks), (BLOCK, 1))
    step = DIGIT_HEIGHT / _uniform(rng, 17, 29)  # mask pixels a pixel
    stretch, shear, turn = np.exp(_normal(rng, 0.08, 0.2)), _normal(rng, 0.08, 0.2), _normal(rng, 0.08, 0.2)
    x, y = X - _uniform(rng, -2.5, 2.5), Y - _uniform(rng, -2, 2)
    v = step * (np.cos(turn) * y - np.sin(turn) * x)
    u = step * stretch * (np.cos(turn) * x + np.sin(turn) * y) + shear * v
    pitch = atlas.advances[typeface] * _uniform(rng, 1.03, 1.35)
    cell = np.clip(np.rint(u / pitch), -1, 1).astype(np.int64)
    present = rng.random((BLOCK, 3)) < (0.65, 1, 0.65)
    rows = np.arange(BLOCK)[:, None]
    ink = _sample(atlas.masks, typeface * 10 + digits[rows, cell + 1], u - cell * pitch, v)
    return ink * present[rows, cell + 1]


def _sample(masks: np.ndarray, which: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Interpolate the masks ``which`` bilinearly at (u, v) from their centres; their blank borders go on outside."""
    u = np.clip(u + np.float32((SIDE - 1) / 2), 0, SIDE - 1.001)
    v = np.clip(v + np.float32((SIDE - 1) / 2), 0, SIDE - 1.001)
    column, row = u.astype(np.int64), v.astype(np.int64)
    u, v = u - column.astype(np.float32), v - row.astype(np.float32)
    first = (which * SIDE + row) * SIDE + column
    flat = masks.reshape(-1)
    upper = flat[first] * (1 - u) + flat[first + 1] * u
    lower = flat[first + SIDE] * (1 - u) + flat[first + SIDE + 1] * u
    return upper * (1 - v) + lower * v


def _shifted(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
    """Move each ink mask by up to one pixel each way, as a shadow or an edge of the figure."""
    padded = np.pad(ink.reshape(BLOCK, SIZE, SIZE), ((0, 0), (1, 1), (1, 1)))
    down, right = rng.integers(0, 3, (2, BLOCK, 1, 1))
    steps = np.arange(SIZE)
    moved = padded[np.arange(BLOCK)[:, None, None], steps[:, None] + down, steps + right]
    return moved.reshape(BLOCK, SIZE * SIZE)


def _draw_levels(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the brightness of the wall and of the digits, float32 (BLOCK, 1), at least 45 of 255 apart."""
    dark = _uniform(rng, 10, 130)
    light = dark + 45 + _uniform(rng, 0, 1) * (200 - dark)
    swap = rng.random((BLOCK, 1)) < LIGHT_ON_DARK
    return np.where(swap, dark, light), np.where(swap, light, dark)


def _tinted(rng: np.random.Generator, level: np.ndarray) -> np.ndarray:
    """Give a colour of about that brightness, float32 (BLOCK, 3); a quarter of them are vivid."""
    strength = np.where(rng.random((BLOCK, 1)) < 0.25, 50, 14).astype(np.float32)
    tint = rng.standard_normal((BLOCK, 3), np.float32) * strength
    return level + tint - tint.mean(axis=1, keepdims=True)


def _draw_wall(rng: np.random.Generator, level: np.ndarray) -> np.ndarray:
    """Draw the background, float32 (BLOCK, 3, SIZE * SIZE): a colour, in a third of the images a second one beyond a
    straight edge, and a coarse texture."""
    colour, other = _tinted(rng, level), _tinted(rng, level + _uniform(rng, -60, 60))
    angle = _uniform(rng, 0, 2 * np.pi)
    edge = np.clip(np.cos(angle) * X + np.sin(angle) * Y - _uniform(rng, 6, 16), 0, 1)
    edge *= rng.random((BLOCK, 1)) < 0.35
    texture = (_uniform(rng, 0, 12) * rng.standard_normal((BLOCK, COARSE * COARSE), np.float32)) @ COARSE_TO_PIXELS
    wall = colour[:, :, None] + edge[:, None] * (other - colour)[:, :, None]
    wall += texture[:, None]
    return wall


def _coarse_to_pixels() -> np.ndarray:
    """Give the matrix that interpolates a COARSE x COARSE grid bilinearly, float32 (COARSE**2, SIZE**2)."""
    position = np.linspace(0, COARSE - 1, SIZE)
    weight = np.maximum(0, 1 - abs(position - np.arange(COARSE)[:, None]))  # (COARSE, SIZE)
    return np.kron(weight, weight).astype(np.float32)


COARSE_TO_PIXELS = _coarse_to_pixels()


def _blurred(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Blur (BLOCK, 3, SIZE, SIZE) down and across with the kernel (b, 1 - 2b, b), twice, b up to 0.3 an image."""
    b = _uniform(rng, 0, 0.3)[:, :, None, None]
    for _ in range(2):
        padded = np.pad(picture, ((0, 0), (0, 0), (1, 1), (0, 0)), mode="edge")
        picture = (1 - 2 * b) * picture + b * (padded[:, :, :-2] + padded[:, :, 2:])
        padded = np.pad(picture, ((0, 0), (0, 0), (0, 0), (1, 1)), mode="edge")
        picture = (1 - 2 * b) * picture + b * (padded[..., :-2] + padded[..., 2:])
    return picture
