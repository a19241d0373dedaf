"""Versions of Python and packages, for records and run folders."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

RECORDED = ("dcgan-probe", "torch", "torchvision", "scikit-learn", "numpy", "h5py")


def package_version() -> str:
    """Return the version of this package, or ``0+source`` in a checkout that is not installed."""
    try:
        return version("dcgan-probe")
    except PackageNotFoundError:
        return "0+source"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages among ``RECORDED``, by name."""
    found = {"python": platform.python_version(), "dcgan-probe": package_version()}
    for name in RECORDED[1:]:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
