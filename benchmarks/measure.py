"""Measurement of each method of a benchmark in a separate process, with an enforced memory limit.

A script calls ``child(METHODS)`` first: in the new process, this call runs the requested method and exits.
"""

import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_probe.runtime import versions
from dcgan_probe.storage import open_feature_file

GRID = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)
MEGABYTE = 1e6


def load(path: str, rows: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read features (N, D) in their dtype, and labels (N,)."""
    file = open_feature_file(path)
    if file.labels is None:
        raise SystemExit(f"{path} holds no labels; extract from a labeled set")
    return file.read(0, rows), file.labels[:rows]


def resident(field: str) -> float:
    """Return ``VmRSS`` (current resident memory) or ``VmHWM`` (its peak since the last reset) in MB, on Linux.

    ``ru_maxrss`` is not usable, since a new process inherits it from its parent.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) * 1024 / MEGABYTE


class Watch:
    """Context that measures the wall time, processor time and peak memory of a part of a method."""

    def __enter__(self) -> "Watch":
        Path("/proc/self/clear_refs").write_text("5")
        self.before, self.started, self._used = resident("VmRSS"), time.perf_counter(), _processor()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.processor = time.perf_counter() - self.started, _processor() - self._used
        self.peak = resident("VmHWM")

    def told(self) -> dict[str, float]:
        """Return seconds and MB, for the method's result."""
        return {
            "seconds": self.seconds,
            "processor_seconds": self.processor,
            "peak_mb": self.peak,
            "extra_mb": self.peak - self.before,
        }


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def child(methods: Mapping[str, Callable[..., dict[str, Any]]]) -> None:
    """Run the requested method in a process started by ``run``, print its result as JSON and exit; else return."""
    if len(sys.argv) > 2 and sys.argv[1] == "--child":
        order = json.loads(sys.argv[2])
        if order["limit_mb"]:
            limit = int(order["limit_mb"] * MEGABYTE)
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        print(json.dumps(methods[order["method"]](**order["arguments"])))
        raise SystemExit


def run(method: str, *, limit_mb: float | None = None, **arguments: Any) -> dict[str, Any]:
    """Run a method of the calling script in a new process with a limit of its data memory; return its result."""
    order = json.dumps({"method": method, "limit_mb": limit_mb, "arguments": arguments})
    command = [sys.executable, sys.argv[0], "--child", order]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{method} ended with exit code {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    shown = ", ".join(f"{name} {value}" for name, value in answer.items() if np.isscalar(value))
    print(f"{method} {arguments}: {shown}", file=sys.stderr)
    return answer


def write(path: str | None, results: Any) -> None:
    """Print results as JSON with date, machine and versions, and write them to a file if a path is given."""
    text = json.dumps(
        {"date": date.today().isoformat(), "machine": platform.machine(), "versions": versions(), "results": results},
        indent=1,
    )
    print(text)
    if path:
        Path(path).write_text(text + "\n")
