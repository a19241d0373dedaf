"""The list of differences from scikit-learn's classifiers is judged in both directions, and tests run with ours."""

import ast
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import sklearn

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"


@pytest.fixture
def peers(monkeypatch):
    monkeypatch.syspath_prepend(PEERS)
    for name in ("run_tests", "stand_ins"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import run_tests

    return run_tests


def test_tests_that_fail_unlisted_and_listed_tests_that_pass_are_named(peers):
    outcomes = {"a.py::one[x-1]": "failed", "a.py::one[y-1]": "passed", "a.py::two": "failed", "a.py::three": "passed"}
    assert peers.judge(outcomes, {"why": ["a.py::one[x-*]", "a.py::two"]}) == ([], [])
    assert peers.judge(outcomes, {"why": ["a.py::two"]}) == (["a.py::one[x-1]"], [])
    assert peers.judge(outcomes, {"why": ["a.py::one", "a.py::two"]}) == ([], ["a.py::one"])
    listed = {"why": ["a.py::one[x-1]", "a.py::two"], "how": ["a.py::three", "a.py::gone"]}
    assert peers.judge(outcomes, listed) == ([], ["a.py::three", "a.py::gone"])


def test_listed_tests_are_tests_of_scikit_learn(peers):
    listed = json.loads((PEERS / "differences.json").read_text(encoding="utf-8"))
    if sklearn.__version__ != listed["scikit-learn"]:
        pytest.skip(f"the list is of scikit-learn {listed['scikit-learn']}")
    found = set()
    for module in peers.MODULES:
        tree = ast.parse((Path(sklearn.__file__).parent / module).read_text(encoding="utf-8"))
        found |= {f"{Path(module).name}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    for reason, names in listed["differences"].items():
        assert reason.endswith(".")
        assert {name.split("[")[0] for name in names} <= found


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("LinearSVC", {"loss": "hinge"}),
        ("LinearSVC", {"fit_intercept": False}),
        ("LogisticRegression", {"l1_ratio": np.float64(0.5)}),
        ("LogisticRegression", {"warm_start": True}),
        ("RidgeClassifier", {"positive": True}),
        ("RidgeClassifier", {"alpha": 0.0}),
    ],
)
def test_what_the_classifiers_lack_is_refused_and_not_passed_over(peers, name, settings):
    with pytest.raises(peers.stand_ins.Unsupported, match=next(iter(settings))):
        getattr(peers.stand_ins, name)(**settings).fit(np.eye(4), [0, 1, 0, 1])


RUN = "import runpy, warnings; warnings.simplefilter('default'); runpy.run_path(script, run_name='__main__')"


@pytest.mark.slow
def test_tests_of_scikit_learn_run_with_the_classifiers_in_place(tmp_path, fresh_process):
    words = "test_linear_svx_uppercase or test_linearsvc_fit_sampleweight"
    ended = fresh_process(f"script = {str(PEERS / 'run_tests.py')!r}; {RUN}", tmp_path, arguments=("-k", words))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed, 0 failed" in ended.stdout
