"""How do the classifiers differ, for users, from LinearSVC, LogisticRegression and RidgeClassifier?

    python benchmarks/peers/run_tests.py [-k WORDS]

The script runs the tests of these three classes in the installed scikit-learn with ``stand_ins`` instead of the
classes: every test that names one of them, or has one as a parameter. ``differences.json`` lists the tests that fail,
by reason. The exit status is 1 if an unlisted test fails or a listed test passes.

2026-11-28, scikit-learn 1.9.1, 2 x86_64 cores, 53 s of processor time: 111 tests pass and 234 fail for the 19 listed
reasons. scikit-learn itself skips, or expects to fail, 582 tests, mostly for array types that are not installed.
"""

import fnmatch
import functools
import inspect
import json
import sys
import tempfile
from pathlib import Path

import pytest
import sklearn
import sklearn.linear_model
import sklearn.svm

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import stand_ins  # noqa: E402

MODULES = {
    "svm/tests/test_svm.py": "LinearSVC",
    "linear_model/tests/test_logistic.py": "LogisticRegression",
    "linear_model/tests/test_ridge.py": "RidgeClassifier",
}


class Peers:
    """Pytest plugin that selects the tests of the classes and collects their outcomes."""

    def __init__(self):
        self.outcomes: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.names: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)  # after -k
    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if self._names_a_class(item)]
        self.names = {item.nodeid: f"{item.path.name}::{item.name}" for item in items}

    def pytest_runtest_logreport(self, report):
        name = self.names[report.nodeid]
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[name] = report.outcome
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                self.errors[name] = " ".join((crash.message if crash else str(report.longrepr)).split())[:300]

    @staticmethod
    def _names_a_class(item):
        wanted = next(name for module, name in MODULES.items() if item.path.match("*/" + module))
        ours = getattr(stand_ins, wanted)
        parameters = getattr(item, "callspec", None)
        values = list(parameters.params.values()) if parameters else []
        flat = [each for value in values for each in (value if isinstance(value, tuple | list) else [value])]
        if any(each is ours or isinstance(each, ours) for each in flat):
            return True
        return wanted in names_in(item.function)


@functools.cache
def names_in(function) -> set[str]:
    """Return the words of a function's source, of dotted names only the last part."""
    words = inspect.getsource(function).replace("(", " ").replace(")", " ").replace(",", " ").split()
    return {word.split(".")[-1] for word in words}


def run(words: str | None = None) -> Peers:
    """Run the tests with the stand-ins, and restore the classes."""
    peers, root = Peers(), Path(sklearn.__file__).parent
    kept = [
        (module, name, getattr(module, name))
        for module in (sklearn.svm, sklearn.linear_model)
        for name in MODULES.values()
        if hasattr(module, name)
    ]
    for module, name, _ in kept:
        setattr(module, name, getattr(stand_ins, name))
    try:
        with tempfile.TemporaryDirectory() as folder:
            options = [
                "-q",
                "--tb=line",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:randomly",
                f"--rootdir={folder}",
                "-c",
                "/dev/null",
            ]
            pytest.main([*options, *(["-k", words] if words else []), *(str(root / path) for path in MODULES)], [peers])
    finally:
        for module, name, value in kept:
            setattr(module, name, value)
    return peers


def judge(outcomes: dict[str, str], differences: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    """Return failing tests that are not listed, and patterns of the list that match a passing test or none."""
    patterns = [pattern for listed in differences.values() for pattern in listed]
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    matched = {pattern: [name for name in outcomes if matches(name, pattern)] for pattern in patterns}
    surprises = sorted(name for name in failed if not any(matches(name, pattern) for pattern in patterns))
    stale = [pattern for pattern, names in matched.items() if not names or not failed.issuperset(names)]
    return surprises, stale


def matches(name: str, pattern: str) -> bool:
    """Return whether a test matches a pattern, with or without parameters; ``*`` matches any text."""
    literal = pattern.replace("[", "[[]")
    return fnmatch.fnmatchcase(name, literal) or fnmatch.fnmatchcase(name, literal + "[[]*")


def main() -> int:
    words = sys.argv[2] if len(sys.argv) == 3 and sys.argv[1] == "-k" else None
    listed = json.loads((HERE / "differences.json").read_text(encoding="utf-8"))
    if sklearn.__version__ != listed["scikit-learn"]:
        print(f"scikit-learn {sklearn.__version__}; the list was made with {listed['scikit-learn']}")
    peers = run(words)
    surprises, stale = judge(peers.outcomes, listed["differences"])
    counts = {kind: list(peers.outcomes.values()).count(kind) for kind in ("passed", "failed", "skipped")}
    print(", ".join(f"{number} {kind}" for kind, number in counts.items()))
    for name in surprises:
        print(f"fails and is not listed: {name}: {peers.errors.get(name)}")
    for name in [] if words else stale:
        print(f"listed, and passes or does not run: {name}")
    return int(bool(surprises or (stale and not words)))


if __name__ == "__main__":
    sys.exit(main())
