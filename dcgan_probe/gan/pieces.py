"""Takes a run, gives its weights as small files of 16-bit numbers, and a run of those again; knows no training.

For a machine that sends back only a few small files::

    FOLDER/config.json          the run's own, without the folders of the machine that trained it
    FOLDER/weights-NN.part      a checkpoint without optimisers, in float16, cut into files of at most 15 MiB

What comes back is a run as that of the authors' weights is one: all but training works on it. Its weights are rounded
to 11 bits, so to the cache and to records they are another network's.
"""

import hashlib
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..runtime import UserError
from ..storage import locked, read_bytes, read_json, whole_file
from .checkpoint import load_checkpoint, save_checkpoint
from .config import PIECE_BYTES
from .imported_run import check_unused
from .run import Run

MOST_PIECES = 99
WEIGHTS_HASH = "weights_sha256"
"""In an exported ``config.json``: the hash of all pieces, joined."""
NETWORKS = ("discriminator", "generator")


def write_pieces(run: Run, folder: str | Path, piece_bytes: int = PIECE_BYTES) -> list[Path]:
    """Write the weights that the run gives, G's average in the place of its last weights; give the paths.

    Parameters
    ----------
    piece_bytes
        Most bytes of a file of weights.

    Raises
    ------
    UserError
        If the run cannot be read, a number is beyond what 16 bits hold, or the pieces would be more than 99.
    """
    folder, stored = Path(folder), run.load()
    weights = {"discriminator": stored["discriminator"], "generator": stored.get("average") or stored["generator"]}
    facts = {"position": stored["position"], "config": stored["config"], "optimizers": None}
    if "probe" in stored:
        facts["probe"] = stored["probe"]  # labels chose these weights
    whole = io.BytesIO()
    torch.save({**{name: _halved(arrays, run) for name, arrays in weights.items()}, **facts}, whole)
    content = whole.getvalue()
    if len(content) > MOST_PIECES * piece_bytes:
        raise UserError(
            f"got files of {piece_bytes:,} bytes for weights of {len(content):,}, expected at most {MOST_PIECES} "
            f"files; take at least {-(-len(content) // MOST_PIECES):,} bytes",
            option="piece",
        )
    parts = [content[start : start + piece_bytes] for start in range(0, len(content), piece_bytes)]
    files = {f"weights-{number:02}.part": part for number, part in enumerate(parts, 1)}
    described = {**_without_folders(read_json(run.config_path)), WEIGHTS_HASH: hashlib.sha256(content).hexdigest()}
    files["config.json"] = (json.dumps(described, indent=2) + "\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in files.items():
        with whole_file(folder / name) as temporary:
            temporary.write_bytes(part)
    for path in folder.glob("weights-*.part"):
        if path.name not in files:
            path.unlink()  # of a larger run
    return [folder / name for name in files]


def _without_folders(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a run's ``config.json`` what means nothing on another machine."""
    images = config["trained_on"]
    sessions = [{name: value for name, value in each.items() if name != "command"} for each in config["sessions"]]
    return {**config, "trained_on": {**images, "source": f"{images['name']} ({images['split']})"}, "sessions": sessions}


def _halved(arrays: dict[str, torch.Tensor] | None, run: Run) -> dict[str, torch.Tensor] | None:
    if arrays is None:
        return None
    halves = {name: array.half() if array.is_floating_point() else array for name, array in arrays.items()}
    for name, half in halves.items():
        if not half.isfinite().all():
            raise UserError(
                f"{run.folder}: {name} holds {arrays[name].abs().max():.3g}, more than float16 can (65,504)"
            )
    return halves


def read_pieces(folder: str | Path, into: str | Path) -> Run:
    """Make a run in the folder ``into`` of what ``write_pieces`` has written.

    Raises
    ------
    UserError
        If a file is missing or damaged, or ``into`` holds a run already.
    """
    source, run = Run(folder), Run(into)
    check_unused(run)
    if not source.exists:
        raise UserError(f"{source.folder} has no config.json; name a folder that `export run` has written")
    config, trained_on = source.config, source.trained_on
    paths = sorted(source.folder.glob("weights-*.part"))
    if not paths:
        raise UserError(f"{source.folder} holds no weights-NN.part; name a folder that `export run` has written")
    stored = _joined(paths, read_json(source.config_path).get(WEIGHTS_HASH))
    for name in NETWORKS:
        if stored[name] is not None:
            stored[name] = {key: a.float() if a.is_floating_point() else a for key, a in stored[name].items()}
    if stored["config"] != config.to_dict():
        raise UserError(
            f"the weights in {source.folder} are of a run with other settings than its config.json; copy all files of "
            "one export into a folder of their own"
        )
    # These weights are the ones that the run gave, and the only ones here.
    config = replace(config, keep="last")
    facts = {"position": stored["position"], "imported": {"from": str(source.folder), "bits": 16}}
    with locked(run.checkpoint_path, wait=False):
        check_unused(run)
        save_checkpoint(run.checkpoint_path, {**stored, **facts, "config": config.to_dict()})
        run.begin_session(config, trained_on, facts)
    return run


def _joined(paths: list[Path], expected: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "checkpoint.pt"
        content = b"".join(map(read_bytes, paths))
        whole.write_bytes(content)
        try:
            if expected is not None and hashlib.sha256(content).hexdigest() != expected:
                raise UserError("the hash of the weights is another than the one in config.json")
            return load_checkpoint(whole)
        except UserError as error:
            names = ", ".join(path.name for path in paths)
            raise UserError(
                f"{names} in {paths[0].parent} make no whole checkpoint: one is missing, damaged or of another run; "
                "copy them all again"
            ) from error
