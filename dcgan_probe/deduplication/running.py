"""Deduplication from its plan: search, judgments and files in one call."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ..images import ImageSet, load_images
from ..runtime import OnStep, Workspace, describe_device, no_step, require_instance, resolve_device, versions
from ..storage import write_json
from .config import DedupPlan
from .deduplicate import Findings, deduplicate
from .judgments import (
    check_judgments,
    check_list,
    draw_pairs,
    false_positives,
    read_judgments,
    save_list,
    save_sheet,
)
from .writing import check_target, findings_summary, make_folder, save_removed, write_kept

Judgments = dict[tuple[int, int], bool]


@dataclass(frozen=True)
class Deduplication:
    """Numbers and files of a search."""

    summary: dict[str, Any]
    """All numbers, as in ``*-dedup.json``."""
    left: int
    """Number of images in the written file."""
    sheet: Path | None
    """Picture of the pairs to judge; None if there are none."""


def run_deduplication(
    plan: DedupPlan, workspace: Workspace | None = None, *, on_step: OnStep = no_step
) -> Deduplication:
    """Remove the near-duplicates of an image set; write the remaining images, the pairs and all numbers.

    Parameters
    ----------
    on_step
        Called with the progress of each phase.

    Raises
    ------
    UserError
        If images are missing, a file cannot be written or holds judgments that were not given, or the judgments do
        not fit the sets; and for the reasons of ``deduplicate``.
    """
    require_instance(plan, DedupPlan, "plan")
    began, place = time.monotonic(), workspace or Workspace()
    answers = {} if plan.judged is None else read_judgments(plan.judged)
    check_list(_beside(plan, "pairs.csv"), plan.judged)
    images, other = _load(plan, place)
    check_judgments(answers, len(images), len(other or images))
    check_target(plan.out, images)
    make_folder(plan.stem.parent, "figures")
    findings = deduplicate(images, plan.search, place.runs / "dedup", against=other, on_step=on_step)
    summary = {
        "command": plan.to_command(place),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - began, 1),
        "device": describe_device(resolve_device("cpu")),
        "versions": versions(),
        **findings_summary(images, findings, plan.search, other),
    }
    if answers:
        summary["false_positives"] = false_positives(findings.pairs, answers)
    left = write_kept(plan.out, images, findings.removed)
    sheet = _write_pairs(plan, images, other or images, findings, answers)
    save_removed(_beside(plan, "removed.csv"), findings)
    write_json(_beside(plan, "dedup.json"), summary)
    return Deduplication(summary, left, sheet)


def _beside(plan: DedupPlan, ending: str) -> Path:
    """Return the path of a file beside the remaining images."""
    return Path(f"{plan.stem}-{ending}")


def _load(plan: DedupPlan, workspace: Workspace) -> tuple[ImageSet, ImageSet | None]:
    """Load the set to search, and the other one if there is one."""
    load = partial(load_images, data_dir=workspace.data_dir, download=workspace.download, seed=plan.search.seed)
    if plan.against is None:
        return load(plan.dataset, plan.split or "train"), None
    return load(plan.dataset, "train"), load(plan.against, plan.split or "test")


def _write_pairs(
    plan: DedupPlan, images: ImageSet, others: ImageSet, findings: Findings, answers: Judgments
) -> Path | None:
    """Write the list of pairs and the picture of the pairs to judge; return its path, or None without pairs."""
    sheet, drawn = _beside(plan, "pairs.png"), draw_pairs(findings.pairs, plan.search.seed)
    if len(drawn):
        save_sheet(sheet, images, others, findings.pairs, drawn)
    else:
        sheet.unlink(missing_ok=True)  # left by an earlier search
    save_list(_beside(plan, "pairs.csv"), findings.pairs, drawn, answers)
    return sheet if len(drawn) else None


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """Return lines with the main numbers: planted copies found, pairs, removed images and false pairs."""
    lines = [f"{'planted':<12} {'copies':>7} {'found':>7} {'paper':>7}"]
    for kind, row in summary["planted"].items():
        lines.append(f"{kind:<12} {row['planted']:>7,} {row['found']:>7.1%} {row['paper']:>7.1%}")
    groups = "" if summary["against"] else f" in {summary['groups']:,} groups"
    lines.append(f"{summary['pairs']:,} pairs{groups}, {summary['removed']:,} images removed")
    lines.append(f"The paper's rule, images with the same hash: {summary['removed_by_the_papers_rule']:,} removed")
    if "false_positives" in summary:
        judged = summary["false_positives"]
        low, high = judged["interval_95"]
        lines.append(
            f"False: {judged['false']} of {judged['judged']} judged, {low:.1%} to {high:.1%} with 95 % confidence"
        )
    return lines
