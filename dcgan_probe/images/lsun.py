"""LSUN categories from local LMDB folders."""

import io
from pathlib import Path

from PIL import Image

from ..runtime import UserError
from ..storage import FileStamp
from .streams import ImageStream, UnreadableImageError

PARTS = {"train": "train", "test": "val"}  # LSUN publishes its categories as train and val


def open_lsun(category: str, split: str, data_dir: Path) -> ImageStream:
    """Stream ``CATEGORY_train_lmdb`` (``CATEGORY_val_lmdb`` for ``test``) in ``data_dir``, torchvision's folder names.

    Records are read in the order of their keys as RGB, as in ``torchvision.datasets.LSUN``. That class is not used
    because it writes a pickled list of keys into the current folder and loads any list that it finds there.

    Raises
    ------
    UserError
        If the package lmdb or the LMDB is missing, or the LMDB cannot be read or is empty.
    """
    folder = data_dir / f"{category}_{PARTS[split]}_lmdb"
    if not folder.is_dir():
        raise UserError(
            f"{folder} does not exist, expected the LMDB of lsun:{category} there (from https://www.yf.io/p/lsun), or "
            f"{data_dir / f'lsun_{category}_{split}.h5'}",
            parameter="dataset",
        )
    try:
        import lmdb
    except ImportError as error:
        raise UserError("lsun needs the package lmdb: pip install 'dcgan-probe[lsun]'", parameter="dataset") from error
    try:
        stamp = FileStamp.of(folder / "data.mdb")
        records = lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)
        with records.begin() as transaction:
            keys = list(transaction.cursor().iternext(keys=True, values=False))
    except (OSError, lmdb.Error) as error:
        raise UserError(
            f"{folder} cannot be read as an LMDB ({error}); unpack it again", parameter="dataset"
        ) from error
    if not keys:
        raise UserError(f"{folder} contains no images; unpack it again", parameter="dataset")

    def read(index: int) -> Image.Image:
        try:
            with records.begin() as transaction:
                return Image.open(io.BytesIO(transaction.get(keys[index]) or b"")).convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, lmdb.Error) as error:
            raise UnreadableImageError(f"{folder}: image {index}", str(error)) from error

    return ImageStream(
        count=len(keys),
        read=read,
        describe=lambda index: f"image {index}",
        find_channels=lambda: 3,
        labels=None,
        name=f"lsun_{category}",
        split=split,
        source=str(folder),
        class_names=None,
        require_unchanged=stamp.require_unchanged,
    )
