"""Size limits of the repository, for clones and downloads."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE_BYTES = 600_000
RESULTS_BYTES = 10 * 2**20
ALL_BYTES = 12 * 2**20


def tracked_sizes(root):
    """Return the bytes of each tracked file by its path from ``root``; without a git checkout, of files in results/."""
    names = tracked_names(root)
    paths = sorted((root / "results").rglob("*")) if names is None else [root / name for name in names]
    # A file that is deleted and not yet committed has no size.
    return {path.relative_to(root).as_posix(): path.lstat().st_size for path in paths if path.is_file()}


def tracked_names(root):
    """Return the paths tracked by git, sorted; None if ``root`` is not a checkout or git cannot read it."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    return None if listed.returncode else sorted({name for name in listed.stdout.decode().split("\0") if name})


def offences(sizes):
    """Return a line for each limit exceeded by the sizes in bytes."""
    found = [
        f"{name}: {size:,} bytes, expected at most {FILE_BYTES:,}; shrink it, or leave it out of the repository"
        for name, size in sizes.items()
        if size > FILE_BYTES
    ]
    results = sum(size for name, size in sizes.items() if name.startswith("results/"))
    for what, total, limit in (("results/", results, RESULTS_BYTES), ("all files", sum(sizes.values()), ALL_BYTES)):
        if total >= limit:
            found.append(f"{what}: {total:,} bytes, expected less than {limit:,}")
    return found


def test_the_repository_is_small():
    sizes = tracked_sizes(ROOT)
    assert any(name.startswith("results/") for name in sizes)
    assert offences(sizes) == []


@pytest.mark.parametrize("tracked", [True, False])
def test_only_tracked_files_count_in_a_checkout(tmp_path, tracked):
    (tmp_path / "results").mkdir()
    for name in ("results/kept ä.csv", "results/other.csv", "new.csv"):
        (tmp_path / name).write_bytes(b"12345")
    if tracked:
        subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
        subprocess.run(["git", "add", "results/kept ä.csv", "new.csv"], cwd=tmp_path, check=True)
        assert tracked_sizes(tmp_path) == {"results/kept ä.csv": 5, "new.csv": 5}
    else:
        assert tracked_sizes(tmp_path) == {"results/kept ä.csv": 5, "results/other.csv": 5}


def test_each_limit_is_named_when_it_is_exceeded():
    assert offences({"a": FILE_BYTES, "results/b": FILE_BYTES}) == []
    assert offences({"results/b.png": FILE_BYTES + 1}) == [
        "results/b.png: 600,001 bytes, expected at most 600,000; shrink it, or leave it out of the repository"
    ]
    many = {f"results/{index}": FILE_BYTES for index in range(18)}
    assert offences(many) == ["results/: 10,800,000 bytes, expected less than 10,485,760"]
    many = {f"docs/{index}": FILE_BYTES for index in range(21)}
    assert offences(many) == ["all files: 12,600,000 bytes, expected less than 12,582,912"]
