"""Export of a run's weights as small files of 16-bit numbers, and import of such files as a run.

The files suit a machine that returns only a few small files::

    FOLDER/config.json          the run's config, without the folders of the machine that trained it
    FOLDER/weights-NN.part      a checkpoint without optimizers, in float16, cut into files of at most 15 MiB

An imported run is like a run of the authors' weights: everything except training works. Its weights are rounded to 11
bits, so the cache and the records treat them as another network's.
"""

import hashlib
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ...runtime import UserError
from ...storage import locked, read_bytes, read_json, whole_file
from ..checkpoint import load_checkpoint, save_checkpoint
from ..config import PIECE_BYTES
from ..run import Run
from .imported_run import check_unused

MOST_PIECES = 99
WEIGHTS_HASH = "weights_sha256"
"""Key in an exported ``config.json``: hash of the concatenated pieces."""
NETWORKS = ("discriminator", "generator")


def export_weights(run: Run, folder: str | Path, piece_bytes: int = PIECE_BYTES) -> list[Path]:
    """Write the run's weights, with G's average instead of its last weights if there is one, and return the paths.

    Parameters
    ----------
    piece_bytes
        Largest size of a weight file in bytes.

    Raises
    ------
    UserError
        If the run cannot be read, a weight exceeds the range of float16, or more than 99 pieces would be needed.
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
            f"files; use at least {-(-len(content) // MOST_PIECES):,} bytes",
            parameter="piece",
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
            path.unlink()  # left by the export of a larger run
    return [folder / name for name in files]


def _without_folders(config: dict[str, Any]) -> dict[str, Any]:
    """Return a run's ``config.json`` without the parts that mean nothing on another machine."""
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
                f"{run.folder}: {name} holds {arrays[name].abs().max():.3g}, expected at most 65,504 (float16)"
            )
    return halves


def import_weights(folder: str | Path, into: str | Path) -> Run:
    """Make a run in the folder ``into`` from the files of ``export_weights``.

    Raises
    ------
    UserError
        If a file is missing or damaged, or ``into`` holds a run already.
    """
    source, run = Run(folder), Run(into)
    check_unused(run)
    if not source.exists:
        raise UserError(f"{source.folder} has no config.json; give a folder written by `export run`")
    config, trained_on = source.config, source.trained_on
    paths = sorted(source.folder.glob("weights-*.part"))
    if not paths:
        raise UserError(f"{source.folder} holds no weights-NN.part; give a folder written by `export run`")
    stored = _joined(paths, read_json(source.config_path).get(WEIGHTS_HASH))
    for name in NETWORKS:
        if stored[name] is not None:
            stored[name] = {key: a.float() if a.is_floating_point() else a for key, a in stored[name].items()}
    if stored["config"] != config.to_dict():
        raise UserError(
            f"the weights in {source.folder} belong to a run with other settings than its config.json; copy all files "
            "of one export into an empty folder"
        )
    # The export holds one set of weights: the ones that ``keep`` selected.
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
                raise UserError("the hash of the weights differs from the one in config.json")
            return load_checkpoint(whole)
        except UserError as error:
            names = ", ".join(path.name for path in paths)
            raise UserError(
                f"{names} in {paths[0].parent} do not form a checkpoint: a file is missing, corrupt or of another run; "
                "copy all files again"
            ) from error
