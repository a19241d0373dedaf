"""Names of the package: cost and requirements of their import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dcgan_probe

PROJECT = Path(dcgan_probe.__file__).parents[1]
WITHOUT_TORCH = """
import sys


class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("torch is not installed here")


sys.meta_path.insert(0, NoTorch())
"""
FITS = """
import numpy as np
import pytest

import dcgan_probe

random = np.random.default_rng(0)
labels = np.repeat([0, 1, 2], 20)
features = random.standard_normal((60, 5)) + 9.0 * np.eye(3, 5)[labels]
for name in ("L2SVMClassifier", "L2SVMClassifierCV", "LogisticClassifier", "RidgeClassifier"):
    classifier = getattr(dcgan_probe, name)().fit(features, labels)
    assert classifier.score(features, labels) == 1.0, name
assert dcgan_probe.solve and dcgan_probe.fit_path and dcgan_probe.open_feature_file
try:
    import torch
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("torch is there after all")
"""
SEARCHES = """
from sklearn.model_selection import GridSearchCV


def torch_is_imported(classifier, features, labels):
    import sys

    return float("torch" in sys.modules)


search = GridSearchCV(dcgan_probe.L2SVMClassifier(), {"C": [0.1, 1.0]}, scoring=torch_is_imported, cv=2, n_jobs=2)
assert list(search.fit(features, labels).cv_results_["mean_test_score"]) == [0.0, 0.0]
"""


def run(code):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_classifiers_fit_where_torch_is_missing_and_processes_of_a_search_do_not_import_it():
    # The processes of the search could import it.
    run(WITHOUT_TORCH + FITS + SEARCHES)


def test_dir_lists_every_name_and_imports_none():
    run("import sys, dcgan_probe as dp; assert {*dp.__all__} <= {*dir(dp)}; assert 'numpy' not in sys.modules")
