"""Image sets packed as small files, for copying to another machine.

A pack is an ``.npz`` file with ``header``, the common first bytes of all encoded images; ``blob``, the other bytes of
each image, split at ``offsets``; and ``labels``. JPEG of quality 90 without chroma subsampling is for images that were
stored in this format before; PNG is lossless.
"""

import io
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

SETTINGS = {"JPEG": {"quality": 90, "subsampling": 0}, "PNG": {"optimize": True}}


def write_pack(path: Path, images: np.ndarray, labels: np.ndarray | None, form: str) -> None:
    """Write uint8 images (N, 3, H, W) as a pack of ``JPEG`` or ``PNG`` images."""
    encoded = [encode(pixels.transpose(1, 2, 0), form) for pixels in images]
    shared = common_start(encoded)
    rests = [each[shared:] for each in encoded]
    offsets = np.cumsum([0, *map(len, rests)], dtype=np.int64)
    arrays = {"header": as_bytes(encoded[0][:shared]), "blob": as_bytes(b"".join(rests)), "offsets": offsets}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays, **({} if labels is None else {"labels": labels}))


def read_pack(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a pack: uint8 images (N, 3, H, W), and int64 labels (N,) or None."""
    with np.load(path) as pack:
        header, blob, offsets = pack["header"].tobytes(), pack["blob"], pack["offsets"]
        labels = pack.get("labels")
    each = (header + blob[start:stop].tobytes() for start, stop in pairwise(offsets))
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in each])
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), labels


def encode(pixels: np.ndarray, form: str) -> bytes:
    """Encode uint8 pixels (H, W, 3)."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, form, **SETTINGS[form])
    return target.getvalue()


def common_start(texts: list[bytes]) -> int:
    """Count the common first bytes of all texts."""
    first, last = min(texts), max(texts)  # the common start of these two is common to all texts between them
    shared = next((index for index, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    return min(len(first), len(last)) if shared is None else shared


def as_bytes(text: bytes) -> np.ndarray:
    """Return bytes as a uint8 array."""
    return np.frombuffer(text, np.uint8)


def keep(carried: Path, home: Path) -> list[str]:
    """Copy packs into the home folder, and return their names."""
    if not any(carried.glob("*.npz")):
        raise SystemExit(f"{carried} holds no .npz file; copy the folder written by `prepare`")
    home.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy2(path, home)).name for path in sorted(carried.glob("*.npz"))]
