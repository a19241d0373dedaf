"""Figures of the result tables in the READMEs, all of which are in results/tables/*.csv."""

import re
from pathlib import Path

import pandas
import pytest

ROOT = Path(__file__).parents[1]
PROTOCOLS = (("cifar10-all", "accuracy"), ("cifar10-4000", "accuracy"), ("svhn-1000", "error"))
"""Of the columns."""
SVHN_NET, IMAGENET_NET = "authors-svhn32", "authors-imagenet32 (conv1-conv4)"
NARROW, NARROW_LONG = "imagenet32 (ndf 32, ngf 32)", "imagenet32 (ndf 32, ngf 32, keep best)"
KMEANS = {"classifier": "l2-svm", "scale": "standardise+0.01"}


def row(features, network=None, *, layers=None, **wanted):
    """Return the fields of a measured row; its C was chosen, and its batch-norm rule is the default or the first."""
    return {"features": features, "network": network, "layers": layers, "classifier": "l2-svm", **wanted}


ROWS = {
    "the authors' released weights, measured here": (
        row("dcgan", IMAGENET_NET),
        row("dcgan", IMAGENET_NET),
        row("dcgan", SVHN_NET),
    ),
    "our training: the paper's net at a quarter of its width": row("dcgan", NARROW),
    "our training at half of that length, its weights in the repository": row(
        "dcgan", NARROW_LONG, images_seen="500096"
    ),
    "the third row's net, untrained": row("random", NARROW),
    "authors' SVHN net": row("dcgan", SVHN_NET),
    "authors' SVHN net, untrained": row("random", SVHN_NET),
    "authors' ImageNet net, conv1 to conv4": row("dcgan", IMAGENET_NET),
    **{f"its conv{i} alone": row("dcgan", IMAGENET_NET, layers=f"conv{i}") for i in range(1, 5)},
    "authors' ImageNet net, conv1 to conv4, untrained": row("random", IMAGENET_NET),
    "DCGAN `imagenet32`, a quarter of its width": row("dcgan", NARROW),
    "DCGAN `imagenet32`, a quarter of its width, untrained": row("random", NARROW),
    "DCGAN `imagenet32`, a quarter of its width, at 500,096 images": row("dcgan", NARROW_LONG, images_seen="500096"),
    "DCGAN `cpu32`": row("dcgan", "cpu32"),
    "DCGAN `cpu32`, untrained, seed 0": row("random", "cpu32", name="seed 0"),
    "raw pixels": row("pixels"),
    "whitened pixels": row("whitened"),
    "PCA of pixels, 256": row("pca", "256 components"),
    "k-means, 1,600 centroids": row("kmeans", "1600", options='"start": "gaussian"'),
    "k-means, 4,000 centroids": row("kmeans", "4000", options='"start": "gaussian"'),
    "three-layer k-means, 1600-3200-3200": row("kmeans3", "1600-3200-3200", options='"start": "gaussian"'),
    "kNN on pixels, Euclidean": row("pixels", classifier="knn-euclidean"),
    "kNN on pixels, cosine": row("pixels", classifier="knn-cosine"),
    "kNN on features of `cpu32`, Euclidean": row("dcgan", "cpu32", classifier="knn-euclidean"),
    "kNN on features of `cpu32`, cosine": row("dcgan", "cpu32", classifier="knn-cosine"),
    "supervised CNN `cpu32`": row("supervised", "cpu32", layers="conv3", classifier="softmax"),
}
TABLES = {
    f"{protocol}": pandas.read_csv(ROOT / "results" / "tables" / f"{protocol}.csv", keep_default_na=False, dtype=str)
    for protocol, _ in PROTOCOLS
}


def figures(document):
    """Return (name, column, text) of every cell of the first result table; "the same net" continues the row above."""
    text = (ROOT / document).read_text()
    (table,) = re.findall(r"^\| L2-SVM on frozen features[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)", text, flags=re.MULTILINE)
    net, found = "", []
    for line in table.splitlines():
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        name = name.replace("the same net", net) if name.startswith("the same net") else name
        net = net if "untrained" in name or "alone" in name else name
        found += [(name, column, re.sub(r" [¹²]$| \[2\]$", "", cell)) for column, cell in enumerate(cells)]
    return found


def measured(protocol, wanted):
    """Return the row of a table with these values."""
    rows = TABLES[protocol]
    rows = rows[(rows["kind"] == "measured") & ~rows["name"].str.contains("given|of the maps")]
    for column, value in wanted.items():
        if column in ("options", "name"):
            rows = rows[rows[column].str.contains(value, regex=False)]
        elif column == "layers":
            rows = (
                rows[rows["layers"] == value]
                if value
                else rows[rows["layers"].str.contains(r"\+|^pixels$|^kmeans|^pca|^whitened")]
            )
        elif value is not None:
            rows = rows[rows[column] == value]
    return rows


CELLS = [(document, *cell) for document in ("README.md", "results/README.md") for cell in figures(document)]


def test_there_are_tables_to_compare():
    assert sum(document == "README.md" for document, *_ in CELLS) == 7 * 3
    assert sum(document == "results/README.md" for document, *_ in CELLS) == len(ROWS) * 3 - 4 * 3
    assert sum(text == "–" for *_, text in CELLS) == 4 * 2 + 2


@pytest.mark.parametrize(("document", "name", "column", "text"), CELLS)
def test_a_figure_is_that_of_the_table(document, name, column, text):
    protocol, measure = PROTOCOLS[column]
    if name.startswith("published"):
        rows = TABLES[protocol]
        (value,) = rows[(rows["kind"] == "published") & (rows["name"] == "DCGAN + L2-SVM")][f"published_{measure}"]
        assert float(text) == float(value)
        return
    wanted = ROWS[name][column] if isinstance(ROWS[name], tuple) else ROWS[name]
    rows = measured(protocol, wanted)
    if text == "–":
        assert len(rows) == 0
        return
    shown = {
        f"{float(row[measure]):.2f}" + (f" ± {float(row['spread']):.2f}" if row["spread"] else "")
        for _, row in rows.iterrows()
    }
    assert text in shown
    # Only batch-norm rules and seeds may give two rows of the same description.
    assert len(rows) <= 2


@pytest.mark.parametrize(
    ("share", "named", "document"),
    [
        ("0.25", "25 %", "results/README.md"),
        ("0.5", "50 %", "results/README.md"),
        ("0.25", "a quarter", "README.md"),
        ("0.5", "a random half", "README.md"),
    ],
)
def test_the_worth_of_width_is_that_of_the_table(share, named, document):
    rows = TABLES["cifar10-4000"]
    found = rows[rows["options"].str.contains(f'"maps": {share},', regex=False)]["accuracy"].astype(float)
    assert len(found) == 5
    figure = f"{found.mean():.2f} ± {found.std():.2f}"
    text = " ".join((ROOT / document).read_text().split())
    sentence = {
        "25 %": f"| 25 % | 3,072 | {figure} | {found.min():.2f} to {found.max():.2f} |",
        "50 %": f"| 50 % | 6,144 | {figure} | {found.min():.2f} to {found.max():.2f} |",
        "a quarter": f"and with a random quarter {figure} %",
        "a random half": f"with a random half of each layer's maps it is {figure} %",
    }[named]
    assert sentence in text


def test_the_worth_of_length_is_that_of_the_table():
    wanted = (row("dcgan", NARROW), row("dcgan", NARROW_LONG, images_seen="500096"))
    (longer,), (shorter,) = (measured("cifar10-4000", each)["accuracy"].astype(float) for each in wanted)
    text = " ".join((ROOT / "README.md").read_text().split())
    assert f"from 0.5 to 1 million images (the paper's was 19.2 million) adds {longer - shorter:.1f} points" in text
