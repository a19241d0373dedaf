"""Files of plans: their paths, their parts, and the values of a part at a scale."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..runtime import UserError, check_keys, did_you_mean
from ..storage import (
    PLANS,
    TABLES,
    TEXT,
    TEXTS,
    is_table,
    read_toml,
    table,
    tables,
    tables_in,
    texts_in,
    value_text,
)

USUAL_SCALE = "small"


def shipped_plans() -> tuple[str, ...]:
    """Return the names of the package's plans."""
    return tuple(sorted(path.stem for path in TABLES.glob("*.toml")))


def job_names() -> tuple[str, ...]:
    """Return the names of the package's jobs, most informative first."""
    return tuple(job["name"] for job in read_toml(PLANS / "jobs.toml")["jobs"])


def plan_path(source: str) -> Path:
    """Return the file of a plan.

    Parameters
    ----------
    source
        Name of a plan of the package, or path of a TOML file.

    Raises
    ------
    UserError
        If there is no such plan.
    """
    path = Path(source)
    if source in shipped_plans():
        return TABLES / f"{source}.toml"
    if source.endswith(".toml") and path.is_file():
        return path
    likely = _likely(path)
    if source.endswith(".toml"):
        raise UserError(f"{source} is missing{likely}: expected the path of a TOML file", parameter="table")
    raise UserError(
        f"unknown table {source!r}{likely}: expected {', '.join(shipped_plans())}, or the path of a .toml file",
        parameter="table",
    )


def _likely(path: Path) -> str:
    """Return `` (did you mean mine.toml?)`` for a similar plan of the package or file of the same folder, if any."""
    from difflib import get_close_matches  # late, since only errors need it

    known = {
        **{each.stem: str(each) for each in path.parent.glob("*.toml")},
        **{name: name for name in shipped_plans()},
    }
    like = get_close_matches(path.name.removesuffix(".toml"), known, n=1)
    return f" (did you mean {known[like[0]]}?)" if like else ""


PARTS = {
    "title": TEXT,
    "dataset": TEXT,
    "plugins": TEXTS,
    "scales": texts_in("scales"),
    "protocols": tables("protocols"),
    "runs": tables_in("runs"),
    "rows": tables("rows"),
    "published": tables("published"),
    "encoders": tables_in("encoders"),
}
"""Parts of the plan of a result table, with the form of each value."""
GUIDELINE_PARTS = {
    "title": TEXT,
    "scales": texts_in("scales"),
    "train": table("train"),
    "guidelines": tables("guidelines"),
}


def chosen_scale(scales: Mapping[str, str], name: str | None) -> str:
    """Return the requested scale; by default ``small``, or the first scale of the plan."""
    if name is None:
        return USUAL_SCALE if USUAL_SCALE in scales else next(iter(scales), "")
    if name not in scales:
        known = f"expected one of {', '.join(scales)}" if scales else "but the plan defines no scales; omit `scale`"
        raise UserError(f"got scale {name!r}{did_you_mean(name, scales)}, {known}", parameter="scale")
    return name


def at_scale(values: Mapping[str, Any], scale: str, scales: Iterable[str]) -> dict[str, Any]:
    """Return the values of a part of a plan at one of the plan's scales.

    Raises
    ------
    UserError
        If the part has changes for an unknown scale, or a change is not a table.
    """
    changes = values.get("at", {})
    check_keys(changes, list(scales))
    for name, each in changes.items():
        if not is_table(each):
            raise UserError(
                f"got at.{name} = {value_text(each)}, expected a table of the keys that change at that scale"
            )
    return _merged({key: value for key, value in values.items() if key != "at"}, changes.get(scale, {}))


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with changes applied; nested tables are merged key by key."""
    merged = dict(values)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
