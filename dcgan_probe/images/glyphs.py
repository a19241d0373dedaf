"""Synthetic street-number digits, drawn from a seed.

Each image shows one digit in its middle, like a crop of a photographed house number. Neighboring digits of the same
typeface reach in at the sides, the wall may change color at an edge, and shadow, uneven light, blur and noise are
added. Each block of ``BLOCK`` images has a random generator of its own, so an image depends on (seed, split, index)
only.
"""

from collections.abc import Iterator

import numpy as np

from ..runtime import numpy_generator
from .glyph_masks import BLANK, DIGIT_HEIGHT, DIGITS, SIDE, glyph_masks
from .imageset import ImageSet

SIZE = 32  # height and width of an image
TRAIN_PER_TEST = 5
BLOCK = 32  # small enough for the cache of a core
LIGHT_ON_DARK = 0.8  # share of images with light digits
COARSE = 5  # side of the grid of random values behind the wall's texture

# Pixel centers relative to the center of the image, each float32 (SIZE * SIZE,).
Y, X = (axis.ravel().astype(np.float32) - (SIZE - 1) / 2 for axis in np.mgrid[:SIZE, :SIZE])


def draw_glyph_set(train_images: int, split: str, seed: int) -> ImageSet:
    """Draw a labeled set of images, uint8 (N, 3, 32, 32).

    Parameters
    ----------
    train_images
        Images of the ``train`` split; the ``test`` split has a fifth as many.
    split
        ``train`` or ``test``.
    seed
        Seed of all images.
    """
    count = train_images if split == "train" else train_images // TRAIN_PER_TEST
    images = np.empty((count, 3, SIZE, SIZE), np.uint8)
    labels, neighbors = np.empty(count, np.int64), np.empty((count, 2), np.float32)
    for start, (block_images, block_labels, block_neighbors) in zip(
        range(0, count, BLOCK), draw_blocks(count, split, seed), strict=True
    ):
        stop = start + BLOCK
        images[start:stop], labels[start:stop], neighbors[start:stop] = block_images, block_labels, block_neighbors
    attributes = {"left": neighbors[:, 0], "right": neighbors[:, 1], "neighbours": neighbors.sum(axis=1)}
    return ImageSet(images, labels, "glyphs", split, f"drawn with seed {seed}", tuple(DIGITS), attributes)


def draw_blocks(count: int, split: str, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Draw ``count`` images in blocks; see ``draw_block``.

    The last block is drawn in full and cut, so a smaller set is the beginning of a larger one.
    """
    for start in range(0, count, BLOCK):
        images, labels, neighbors = draw_block(numpy_generator(seed, "glyphs", split, start // BLOCK))
        yield images[: count - start], labels[: count - start], neighbors[: count - start]


def draw_block(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one block of images.

    Returns
    -------
    tuple
        Images uint8 (BLOCK, 3, 32, 32), labels int64 (BLOCK,), and the pixels of each image that the ink of the left
        and of the right neighbor covers, float32 (BLOCK, 2): 0 if the neighbor is absent or outside of the image.
    """
    digits = rng.integers(0, 10, (BLOCK, 3))  # left neighbor, labeled digit, right neighbor
    ink, neighbors = _draw_ink(rng, digits)
    wall_level, ink_level = _draw_levels(rng)
    picture = _draw_wall(rng, wall_level)
    picture *= 1 - _uniform(rng, 0, 0.6)[:, :, None] * _shifted(rng, ink)[:, None]  # the shadow
    picture += ink[:, None] * (_tinted(rng, ink_level)[:, :, None] - picture)
    light = _affine(_uniform(rng, -0.012, 0.012), _uniform(rng, -0.012, 0.012), np.ones((BLOCK, 1), np.float32))
    picture *= light[:, None]
    photo = _blurred(rng, picture.reshape(BLOCK, 3, SIZE, SIZE))
    noise = rng.standard_normal(photo.shape, np.float32)
    noise *= _uniform(rng, 0, 9)[:, :, None, None]
    photo += noise
    return photo.round(out=photo).clip(0, 255, out=photo).astype(np.uint8), digits[:, 1].copy(), neighbors


def _uniform(rng: np.random.Generator, low: float, high: float, columns: int = 1) -> np.ndarray:
    return rng.uniform(low, high, (BLOCK, columns)).astype(np.float32)


def _normal(rng: np.random.Generator, deviation: float, limit: float) -> np.ndarray:
    return np.clip(rng.normal(0, deviation, (BLOCK, 1)), -limit, limit).astype(np.float32)


def _draw_ink(rng: np.random.Generator, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw three digits in a row, each image under a different affine map.

    Returns
    -------
    tuple
        Ink of all digits, float32 (BLOCK, SIZE * SIZE), 0 to 1; and the ink of the left and of the right digit, in
        pixels, float32 (BLOCK, 2).

    Notes
    -----
    A pixel (x, y) is sampled at the point (u, v) of a strip of three cells, one per digit. With the rotation t::

        v = step (cos t y - sin t x),    u = stretch step (cos t x + sin t y) + shear v
    """
    atlas = glyph_masks()
    typeface = rng.integers(0, len(atlas.advances), (BLOCK, 1))
    step = DIGIT_HEIGHT / _uniform(rng, 17, 29)  # mask pixels a pixel
    stretch, shear, turn = np.exp(_normal(rng, 0.08, 0.2)), _normal(rng, 0.08, 0.2), _normal(rng, 0.08, 0.2)
    across, down = _uniform(rng, -2.5, 2.5), _uniform(rng, -2, 2)
    v_x, v_y = -step * np.sin(turn), step * np.cos(turn)
    u_x, u_y = stretch * v_y + shear * v_x, -stretch * v_x + shear * v_y
    u = _affine(u_x, u_y, -u_x * across - u_y * down)
    v = _affine(v_x, v_y, -v_x * across - v_y * down)
    pitch = atlas.advances[typeface] * _uniform(rng, 1.03, 1.35)
    cell = np.rint(u / pitch).clip(-1, 1)
    u -= cell * pitch
    present = rng.random((BLOCK, 3)) < (0.65, 1, 0.65)
    which = np.where(present, typeface * 10 + digits, BLANK)
    ink = _sample(atlas.masks, which.take(cell.astype(np.int64) + np.arange(1, 3 * BLOCK, 3)[:, None]), u, v)
    return ink, np.stack([np.where(cell == side, ink, 0).sum(axis=1) for side in (-1, 1)], axis=1)


def _affine(x: np.ndarray, y: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """Compute x X + y Y + constant at every pixel, float32 (BLOCK, SIZE * SIZE)."""
    plane = x * X
    plane += y * Y
    plane += constant
    return plane


def _sample(masks: np.ndarray, which: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Interpolate the masks ``which`` bilinearly at (u, v) from their centers; masks are blank outside."""
    for axis in (u, v):
        axis += (SIDE - 1) / 2
        axis.clip(0, SIDE - 1.001, out=axis)
    column, row = np.floor(u), np.floor(v)
    u -= column
    v -= row
    first = (which * SIDE + row.astype(np.int64)) * SIDE + column.astype(np.int64)
    upper, lower = (_between(masks, first + step, u) for step in (0, SIDE))
    lower -= upper
    return upper + v * lower


def _between(masks: np.ndarray, first: np.ndarray, share: np.ndarray) -> np.ndarray:
    left = masks.take(first)
    return left + share * (masks.take(first + 1) - left)


def _shifted(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
    """Shift each ink mask by up to one pixel in each direction, as a shadow or an edge of the digit."""
    padded = np.pad(ink.reshape(BLOCK, SIZE, SIZE), ((0, 0), (1, 1), (1, 1)))
    down, right = rng.integers(0, 3, (2, BLOCK, 1, 1))
    steps = np.arange(SIZE)
    moved = padded[np.arange(BLOCK)[:, None, None], steps[:, None] + down, steps + right]
    return moved.reshape(BLOCK, SIZE * SIZE)


def _draw_levels(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the brightness of the wall and of the digits, each float32 (BLOCK, 1), at least 45 of 255 apart."""
    dark = _uniform(rng, 10, 130)
    light = dark + 45 + _uniform(rng, 0, 1) * (200 - dark)
    swap = rng.random((BLOCK, 1)) < LIGHT_ON_DARK
    return np.where(swap, dark, light), np.where(swap, light, dark)


def _tinted(rng: np.random.Generator, level: np.ndarray) -> np.ndarray:
    """Draw a color of about the given brightness, float32 (BLOCK, 3); a quarter of the colors are vivid."""
    strength = np.where(rng.random((BLOCK, 1)) < 0.25, 50, 14).astype(np.float32)
    tint = rng.standard_normal((BLOCK, 3), np.float32) * strength
    return level + tint - tint.mean(axis=1, keepdims=True)


def _draw_wall(rng: np.random.Generator, level: np.ndarray) -> np.ndarray:
    """Draw the background, float32 (BLOCK, 3, SIZE * SIZE).

    The background is a color with a coarse texture; in a third of the images a straight edge separates a second color.
    """
    color, other = _tinted(rng, level), _tinted(rng, level + _uniform(rng, -60, 60))
    angle = _uniform(rng, 0, 2 * np.pi)
    edge = _affine(np.cos(angle), np.sin(angle), -_uniform(rng, 6, 16)).clip(0, 1)
    edge *= rng.random((BLOCK, 1)) < 0.35
    texture = (_uniform(rng, 0, 12) * rng.standard_normal((BLOCK, COARSE * COARSE), np.float32)) @ COARSE_TO_PIXELS
    wall = color[:, :, None] + edge[:, None] * (other - color)[:, :, None]
    wall += texture[:, None]
    return wall


def _coarse_to_pixels() -> np.ndarray:
    """Return the matrix that interpolates a COARSE x COARSE grid bilinearly, float32 (COARSE**2, SIZE**2)."""
    position = np.linspace(0, COARSE - 1, SIZE)
    weight = np.maximum(0, 1 - abs(position - np.arange(COARSE)[:, None]))  # (COARSE, SIZE)
    return np.kron(weight, weight).astype(np.float32)


COARSE_TO_PIXELS = _coarse_to_pixels()


def _blurred(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Blur pictures (BLOCK, 3, SIZE, SIZE) twice along both axes with the kernel (b, 1 - 2b, b), b up to 0.3."""
    b = _uniform(rng, 0, 0.3)[:, :, None, None]
    for axis in (2, 3, 2, 3):
        along = np.moveaxis(picture, axis, 2)
        change = -2 * along
        change[:, :, 1:] += along[:, :, :-1]
        change[:, :, :-1] += along[:, :, 1:]
        change[:, :, 0] += along[:, :, 0]  # the outermost pixels are repeated outside
        change[:, :, -1] += along[:, :, -1]
        change *= b
        along += change
    return picture
