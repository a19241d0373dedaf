"""How much processor time do the command line, its help texts and the import of the classifiers need?

    python benchmarks/bench_startup.py [--repeats 5]

Median and greatest processor time of processes started one after another; the help texts of all verbs are one row.

2026-11-28, 2 x86_64 cores that also did other work, Python 3.11, click 8.5, scikit-learn 1.9. The import of the
classifiers takes about as long as that of scikit-learn's:

| call | median, s | greatest, s |
|---|---|---|
| python without a program | 0.04 | 0.04 |
| `dcgan-probe` | 0.16 | 0.16 |
| `--help` | 0.16 | 0.20 |
| `--version` | 0.11 | 0.15 |
| `VERB --help`, each of all verbs | 0.12 | 0.19 |
| usage errors | 0.14 | 0.19 |
| `from dcgan_probe import L2SVMClassifier` | 2.43 | 2.50 |
| `from sklearn.svm import LinearSVC` | 2.36 | 2.46 |
"""

import argparse
import os
import resource
import subprocess
import sys
from statistics import median

from dcgan_probe.cli import NAMES

CALLS: dict[str, list[list[str]]] = {
    "`dcgan-probe`": [[]],
    "`--help`": [["--help"]],
    "`--version`": [["--version"]],
    "`VERB --help`, each of all verbs": [[name, "--help"] for name in NAMES],
    "usage errors": [["trian"], ["train", "--nope"], ["train", "--lr", "fast"], ["eval-svm", "--scale", "nope"]],
}
PROGRAM = "from dcgan_probe.cli import main; main(prog_name='dcgan-probe')"


def processor_seconds(code: str, arguments: list[str]) -> float:
    """Run code in a new process and return its processor time in seconds."""
    # With bytecode files, as after an installation; the first run writes them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print("| call | median, s | greatest, s |\n|---|---|---|")
    processor_seconds(PROGRAM, ["--help"])
    for name, calls in {"python without a program": None, **CALLS}.items():
        code = "pass" if calls is None else PROGRAM
        found = [processor_seconds(code, arguments) for arguments in calls or [[]] for _ in range(repeats)]
        print(f"| {name} | {median(found):.2f} | {max(found):.2f} |")
    for name in ("from dcgan_probe import L2SVMClassifier", "from sklearn.svm import LinearSVC"):
        found = [processor_seconds(name, []) for _ in range(repeats)]
        print(f"| `{name}` | {median(found):.2f} | {max(found):.2f} |")


if __name__ == "__main__":
    main()
