"""Takes an LSUN category, gives the stream of its local LMDB; knows no other source."""

from pathlib import Path
from typing import Any

from PIL import Image

from ..runtime import UserError
from .streams import ImageStream

PARTS = {"train": "train", "test": "val"}  # LSUN publishes its categories as train and val


def open_lsun(category: str, split: str, data_dir: Path) -> ImageStream:
    """Open ``CATEGORY_train_lmdb`` (or ``CATEGORY_val_lmdb`` for ``test``) in ``data_dir`` through torchvision.

    torchvision keeps a list of the LMDB's keys in a small file in the current folder.

    Raises
    ------
    UserError
        If the package lmdb or the LMDB is missing, or torchvision cannot read it.
    """
    part = f"{category}_{PARTS[split]}"
    folder = data_dir / f"{part}_lmdb"
    if not folder.is_dir():
        raise UserError(
            f"there is no {folder}: expected the LMDB of lsun:{category} there (from https://www.yf.io/p/lsun)",
            option="dataset",
        )
    try:
        import lmdb
    except ImportError as error:
        raise UserError("lsun needs the package lmdb: pip install 'dcgan-probe[lsun]'", option="dataset") from error
    from torchvision import datasets

    try:
        dataset: Any = datasets.LSUN(str(data_dir), classes=[part])
    except (lmdb.Error, AssertionError, ValueError) as error:
        raise UserError(f"{folder} cannot be read as an LSUN category ({error})", option="dataset") from error

    def read(index: int) -> Image.Image:
        try:
            return dataset[index][0]
        except (OSError, SyntaxError, ValueError) as error:
            raise UserError(f"{folder}: image {index} cannot be read ({error})", option="dataset") from error

    return ImageStream(
        count=len(dataset),
        read=read,
        describe=lambda index: f"image {index}",
        find_channels=lambda: 3,
        labels=None,
        name=f"lsun_{category}",
        split=split,
        source=str(folder),
        class_names=None,
    )
