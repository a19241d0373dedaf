"""``dcgan-probe dedup``: finds near-duplicates, shows them, and writes the set without them."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..deduplication import (
    DedupConfig,
    check_judgements,
    check_list,
    check_target,
    deduplicate,
    draw_pairs,
    false_positives,
    findings_summary,
    make_folder,
    read_judgements,
    save_list,
    save_removed,
    save_sheet,
    write_kept,
)
from ..images import load_images
from ..runtime import describe_device, resolve_device, versions
from ..storage import write_json
from .command_lines import command_line
from .progress import Progress
from .verbs.dedup import DRAWN_DISTANCE


def dedup_verb(
    dataset: str,
    out: Path,
    split: str | None,
    against: str | None,
    figures: Path | None,
    judged: Path | None,
    bits: int,
    distance: float,
    images: int,
    plants: int,
    seed: int,
    runs: Path,
    data_dir: Path,
    download: bool,
    quiet: bool,
) -> None:
    """Remove the near-duplicates of DATASET: re-encoded, lighter, noisy, mirrored, shifted by one pixel or two."""
    began = time.monotonic()
    stem = (figures or out.parent) / out.stem
    pairs_list, sheet = Path(f"{stem}-pairs.csv"), Path(f"{stem}-pairs.png")
    answers = {} if judged is None else read_judgements(judged)
    check_list(pairs_list, judged)
    load: dict[str, Any] = {"data_dir": data_dir, "download": download, "seed": seed}
    searched = load_images(dataset, "train" if against else split or "train", **load)
    other = load_images(against, split or "test", **load) if against else None
    check_judgements(answers, len(searched), len(other or searched))
    check_target(out, searched)
    make_folder(stem.parent, "figures")
    config = DedupConfig(bits=bits, distance=distance, images_seen=images, plants=plants, seed=seed)
    with PhaseBars(quiet) as bars:
        findings = deduplicate(searched, config, runs / "dedup", against=other, progress=bars.update)
    summary = {
        "command": command_line(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - began, 1),
        "device": describe_device(resolve_device("cpu")),
        "versions": versions(),
        **findings_summary(searched, findings, config, other),
    }
    if answers:
        summary["false_positives"] = false_positives(findings.pairs, answers)
    left = write_kept(out, searched, findings.removed)
    drawn = draw_pairs(findings.pairs, seed)
    if len(drawn):
        save_sheet(sheet, searched, other or searched, findings.pairs, drawn)
    else:
        sheet.unlink(missing_ok=True)  # an earlier search's
    save_list(pairs_list, findings.pairs, drawn, answers)
    save_removed(Path(f"{stem}-removed.csv"), findings)
    write_json(f"{stem}-dedup.json", summary)
    tell(summary)
    click.echo(f"{out}: {left:,} images")
    if len(drawn) and distance > DRAWN_DISTANCE:
        click.echo(
            f"Look at {sheet}: a limit of {distance} is for photographs; for digits and drawings give "
            f"--distance {DRAWN_DISTANCE}, or pictures that share only a shape come as one"
        )


def tell(summary: dict[str, Any]) -> None:
    """Print the numbers that matter."""
    click.echo(f"{'planted':<12} {'copies':>7} {'found':>7} {'paper':>7}")
    for kind, row in summary["planted"].items():
        click.echo(f"{kind:<12} {row['planted']:>7,} {row['found']:>7.1%} {row['paper']:>7.1%}")
    groups = "" if summary["against"] else f" in {summary['groups']:,} groups"
    click.echo(f"{summary['pairs']:,} pairs{groups}, {summary['removed']:,} images removed")
    click.echo(f"The paper's rule, images with the same hash: {summary['removed_by_the_papers_rule']:,} removed")
    if "false_positives" in summary:
        told = summary["false_positives"]
        low, high = told["interval_95"]
        click.echo(f"False: {told['false']} of {told['judged']} judged, {low:.1%} to {high:.1%} with 95 % confidence")


class PhaseBars:
    """A bar for each phase, one after another."""

    def __init__(self, quiet: bool):
        self._quiet, self._phase, self._bar = quiet, "", Progress("", 0, "images", quiet=quiet)

    def update(self, phase: str, done: int, total: int) -> None:
        """Show that ``done`` of a phase's images are done."""
        if phase != self._phase:
            self._bar.close()
            self._phase, self._bar = phase, Progress(phase, total, "images", quiet=self._quiet)
        self._bar.update(done)

    def __enter__(self) -> "PhaseBars":
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
