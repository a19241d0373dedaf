"""What the rows of a table are expected to cost."""

import torch
from dcgan_probe.reproductions.scales import SCALES

from dcgan_probe.evaluation import protocol_for
from dcgan_probe.reproductions import reproduction, row_costs


def test_features_take_disk_once_and_pixels_none():
    rows = reproduction("svhn-1000", "smoke").rows
    protocol = protocol_for("svhn", 1200, 10, 1000, 1, 1)
    costs = row_costs(rows, {"svhn-1000": protocol}, 60, SCALES["svhn-1000"]["smoke"], torch.device("cpu"))
    seen = set()
    for row, cost in zip(rows, costs, strict=True):
        kept = row.verb == "eval-svm" and row.features != "pixels" and row.cache not in seen
        assert cost.disk_bytes == (1260 * row.columns * row.itemsize if kept else 0), row
        seen.add(row.cache)
    assert {"pixels", "pca", "dcgan", "random"} <= {row.features for row in rows}
