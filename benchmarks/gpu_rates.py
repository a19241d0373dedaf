"""Rates of one GPU and the tests marked ``gpu``, for the first command of ``gpu_trial.py``."""

import gc
import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bench_extraction
import bench_training
import torch
from measure import GRID

from dcgan_probe.linear import fit_path
from dcgan_probe.runtime import describe_device, versions

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Sizes:
    """Sizes and time limits of the measurements."""

    first_seconds: float = 150
    """Seconds for all measurements; the call has 170."""
    test_seconds: float = 60
    tests: str = ""
    """Selection among the tests marked ``gpu``, as in pytest's -k; empty for all."""
    presets: tuple[str, ...] = ("imagenet32", "svhn32", "cpu32")
    steps: tuple[int, ...] = (40, 100, 300)
    """Steps in a turn, for each preset."""
    turns: int = 3
    side: int | None = None
    """Side of the matrices whose product rate is the reference; None for large matrices."""
    extracted: int = 8_192
    fitted: tuple[int, int] = (50_000, 28_672)
    """Rows and columns of the features for the fits."""
    job: str = "imagenet32"
    time_limit: str = "330s"


FULL = Sizes()
SMALL = Sizes(600, 500, "features_and_their_key", ("demo",), (1,), 1, 256, 256, (600, 64), "demo32", "1s")


class Log:
    """Writer of OUT/first.jsonl: one line per measurement, written as soon as it is finished."""

    def __init__(self, path: Path, limit: float):
        self._path, self._start, self._limit = path, time.monotonic(), limit

    def begin(self, device: torch.device, sizes: Sizes) -> None:
        """Write the device, the versions and the sizes."""
        self.write("machine", {"device": describe_device(device), "versions": versions(), "sizes": asdict(sizes)})

    def left(self) -> float:
        """Return the remaining seconds of the call."""
        return self._limit - (time.monotonic() - self._start)

    def add(self, what: str, measure: Callable[[], Any], least: float = 10) -> None:
        """Measure and write the result or the error; skip the measurement if fewer than ``least`` seconds remain."""
        if self.left() < least:
            self.write(what, {"left_out": f"{self.left():.0f} s were left"})
            return
        started = time.monotonic()
        try:
            result = measure()
        except Exception:  # later measurements may still succeed
            result = {"error": traceback.format_exc().splitlines()[-12:]}
        self.write(what, {"seconds": round(time.monotonic() - started, 1), "result": result})
        gc.collect()  # a recorded step and its state form a reference cycle
        torch.cuda.empty_cache()

    def write(self, what: str, row: dict[str, Any]) -> None:
        """Append one line to the file, and print it."""
        line = json.dumps({"what": what, **row})
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)


def measure_rates(log: Log, device: torch.device, sizes: Sizes) -> None:
    """Measure training, extraction and fits, the most important first."""
    presets, main = list(zip(sizes.presets, sizes.steps, strict=True)), sizes.presets[0]

    for preset, steps in presets:
        log.add(f"training {preset}", partial(training_rates, log, preset, steps, device, sizes))
    log.add(f"extraction {main}", lambda: bench_extraction.compare(main, sizes.extracted, device))
    log.add("seven C", lambda: seven_penalties(*sizes.fitted, device))
    for preset, steps in presets:
        for variant in bench_training.VARIANTS:
            if device.type == "cuda" or "compiled" not in variant:  # compilation takes minutes on a CPU
                log.add(
                    f"training {preset}, {variant}",
                    partial(training_rates, log, preset, steps, device, sizes, (variant,)),
                    least=20,
                )


def training_rates(
    log: Log, preset: str, steps: int, device: torch.device, sizes: Sizes, variants: tuple[str, ...] = ()
) -> Any:
    """Compare the training loops, and write each rate as soon as it is measured."""

    def rated(loop: str, rate: float) -> None:
        log.write("rate", {"preset": preset, "loop": loop, "images_per_second": round(rate, 1)})

    return bench_training.compare(preset, steps, sizes.turns, device, variants=variants, on_rate=rated, side=sizes.side)


def run_tests(device: torch.device, chosen: str, seconds: float, log: Path) -> str:
    """Run the selected tests marked ``gpu``; return pytest's last line."""
    files = sorted(map(str, (ROOT / "tests").glob("*/test_gpu_*.py")))  # others import packages that may be missing
    # Package versions differ on the GPU machine, so their warnings are not failures.
    options = [
        "-m",
        "gpu",
        *(["-k", chosen] if chosen else []),
        "--device",
        device.type,
        "-p",
        "no:cacheprovider",
        "-W",
        "default",
    ]
    command = [sys.executable, "-m", "pytest", *files, *options]
    with open(log, "w", encoding="utf-8") as file:
        try:
            subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return f"cut off after {seconds:.0f} s: {last_line(log)}"
    return last_line(log)


def last_line(path: Path) -> str:
    """Return the last line of a file that is not blank."""
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def seven_penalties(rows: int, columns: int, device: torch.device) -> dict[str, Any]:
    """Fit seven values of C to random float16 features of ten overlapping classes on the device."""
    random = torch.Generator(device).manual_seed(0)
    labels = torch.arange(rows, device=device) % 10
    centers = torch.randn(10, columns, generator=random, device=device) * 0.05
    features = torch.empty(rows, columns, dtype=torch.float16, device=device)
    for start in range(0, rows, 5_000):
        part = labels[start : start + 5_000]
        noise = torch.randn(len(part), columns, generator=random, device=device)
        features[start : start + 5_000] = centers[part] + noise
    started = time.perf_counter()
    fits = fit_path(features, labels.cpu().numpy(), GRID)
    return {
        "rows": rows,
        "columns": columns,
        "seconds": round(time.perf_counter() - started, 2),
        "passes": fits[0].passes,
        "gap": max(fit.gap for fit in fits),
        "status": sorted({fit.status for fit in fits}),
    }
