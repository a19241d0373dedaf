"""``dcgan-probe eval-supervised``: searches settings of a supervised network, reports the best, prints the table."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from ..baselines import describe_ranges
from ..evaluation import (
    Protocol,
    Results,
    Search,
    SearchEstimate,
    check_images,
    estimate_search,
    evaluate_supervised,
    require_search_memory,
    useful_workers,
)
from ..images import load_images
from ..presets import preset_config
from ..runtime import available_cores, resolve_device
from ..storage import require_writable
from .command_lines import command_line
from .evaluate import checked_protocol
from .progress import Progress, duration, say
from .table import show_results

SELECT_DRAWS, REPORT_DRAWS = 1, 10


def eval_supervised_verb(
    dataset: str,
    labels: int | None,
    preset: str | None,
    settings: int,
    draws: int | None,
    workers: int | None,
    dry_run: bool,
    runs: Path,
    results: Path,
    seed: int,
    device: str,
    data_dir: Path,
    download: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train the discriminator's architecture on labelled images alone: the paper's purely supervised row."""
    target = resolve_device(device)
    train, test = (load_images(dataset, split, data_dir=data_dir, download=download) for split in ("train", "test"))
    one_fit = labels is None
    protocol = checked_protocol([train, test], labels, draws or (1 if one_fit else REPORT_DRAWS), SELECT_DRAWS, seed)
    name = preset or ("svhn32" if target.type == "cuda" else "cpu32")
    network = replace(preset_config(name, device=target).network, nc=train.channels)
    search = Search(network, name, settings, seed)
    check_images(train, test, search)
    workers = workers or (1 if target.type == "cuda" else available_cores())
    workers = min(workers, useful_workers(protocol, search))
    if dry_run:
        estimate = estimate_search(protocol, search, workers, target)
        click.echo(json.dumps(plan(protocol, search, workers, estimate), indent=2))
        return
    require_search_memory(protocol, search, workers)
    store = Results(results)
    say(store.prepare(), quiet=quiet)  # before the work, so that a folder that cannot keep its records is found now
    require_writable(runs / "supervised")
    with ExitStack() as bars:
        summary = evaluate_supervised(
            train,
            test,
            protocol,
            search,
            runs / "supervised",
            device=target,
            workers=workers,
            on_search=shown_in(bars, f"{protocol.name} supervised, search", quiet=quiet),
            on_report=shown_in(bars, f"{protocol.name} supervised, test", quiet=quiet),
            command=command_line(),
            results=store,
            on_note=lambda sentence: say([sentence], quiet=quiet),
        )
    show_results([summary], store, as_json=as_json, quiet=quiet)


def shown_in(bars: ExitStack, title: str, *, quiet: bool) -> Callable[[int, int, str], None]:
    """Give what shows a bar from its first call on; what was done by then does not count in its rate."""
    progress: Progress | None = None

    def tell(done: int, total: int, note: str) -> None:
        nonlocal progress
        if progress is None:
            progress = bars.enter_context(Progress(title, total, "images", quiet=quiet, kept=True))
            progress.begin(done)
        if done:
            progress.update(done, note)

    return tell


def plan(protocol: Protocol, search: Search, workers: int, estimate: SearchEstimate) -> dict[str, Any]:
    """Describe what the verb would do and need."""
    return {
        "protocol": protocol.name,
        "network": search.preset,
        "settings": search.settings,
        "ranges": describe_ranges(),
        "chooses_on": protocol.chooses_on,
        "reported_draws": protocol.draws,
        "workers": workers,
        **asdict(estimate),
        "images_per_second": round(estimate.images_per_second),
        "seconds": round(estimate.seconds),
        "time": duration(estimate.seconds),
        "memory": f"{estimate.memory_bytes / 1e9:.2f} GB",
    }
