"""Which first centroids of k-means are better: random patches, or small normal numbers as in Coates and Ng's code?

    python benchmarks/bench_kmeans_start.py IMAGES.h5 [--centroids 1600] [--patches 100000] [--rows 9000] [--json OUT]

IMAGES.h5 is an image-array file of labeled training images, the only input. Both runs have the same patches, whitening
and 30 iterations. The results are the share of centroids with fewer than 5 patches at the end, and the accuracy of an
SVM that is fitted to the first two thirds of ROWS images and scored on the rest, at the best of five values of C.

2026-11-22, 2 x86_64 cores, CIFAR-10's training images, --centroids 800 --patches 50000 --rows 4500: from random patches
59.7 %, and 21 % of the centroids with fewer than 5 patches; from small normal numbers 62.9 %, and 4 %.
"""

import argparse
import time
from typing import Any

import numpy as np
import torch
from measure import child, run, write

CPU = torch.device("cpu")
PENALTIES = (2e-4, 5e-4, 1e-3, 2e-3, 5e-3)
ITERATIONS, FEW = 30, 5


def learned(images: str, start: str, centroids: int, patches: int, rows: int) -> dict[str, Any]:
    """Learn a dictionary from one kind of first centroids, count its idle centroids, and evaluate its features."""
    from dcgan_probe.features import DictionaryConfig, KMeansEncoder, learn_dictionary
    from dcgan_probe.features.kmeans.lloyd import assign
    from dcgan_probe.features.kmeans.patches import normalize, random_patches
    from dcgan_probe.images import load_images
    from dcgan_probe.linear import fit_path, predict_path

    pictures = load_images(images, "train")
    config = DictionaryConfig(centroids=centroids, patches=patches, iterations=ITERATIONS, start=start)
    started = time.perf_counter()
    dictionary = learn_dictionary(pictures, config, CPU)
    seconds = time.perf_counter() - started
    cut = random_patches(pictures, patches, config.patch, np.random.default_rng(1))
    points = dictionary.whitening(normalize(torch.from_numpy(cut)))
    _, sizes, distances = assign(points, dictionary.centroids)
    features = KMeansEncoder(dictionary, pictures, device=CPU).encode(pictures.images[:rows])
    labels, train = pictures.labels[:rows], rows * 2 // 3
    fits = fit_path(features[:train], labels[:train], PENALTIES, standardise=True, added_variance=0.01)
    right = predict_path(fits, features[train:]) == labels[train:]
    return {
        "accuracy": float(right.mean(axis=1).max()),
        "share_of_centroids_with_few_patches": float((sizes < FEW).float().mean()),
        "mean_squared_distance_of_other_patches": float(distances.mean()),
        "seconds_of_learning": seconds,
    }


def main() -> None:
    child({"learned": learned})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images")
    parser.add_argument("--centroids", type=int, default=1600)
    parser.add_argument("--patches", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=9_000)
    parser.add_argument("--json")
    options = parser.parse_args()
    given = {name: getattr(options, name) for name in ("images", "centroids", "patches", "rows")}
    write(options.json, {start: run("learned", start=start, **given) for start in ("points", "gaussian")})


if __name__ == "__main__":
    main()
