"""Lazy import of the names of a package."""

import sys
import textwrap

import pytest

INIT = '''
"""A package."""

from typing import TYPE_CHECKING

from dcgan_probe.runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .heavy import Thing
    from .measure import LIMIT, measure

__all__ = ["LIMIT", "Thing", "measure"]

import_when_used(__name__)
'''
MODULES = {
    "heavy": "from .measure import measure\n\nclass Thing:\n    size = measure()",
    "measure": "LIMIT = 3\n\ndef measure():\n    return 7",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Import a package of two modules; one exports a function with the name of the module."""
    folder = tmp_path / "late_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(INIT)
    for name, source in MODULES.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("late_package")
    for name in [name for name in sys.modules if name.partition(".")[0] == "late_package"]:
        del sys.modules[name]


def test_a_name_is_imported_when_it_is_used_and_no_sooner(package):
    assert {"LIMIT", "Thing", "measure"} <= {*dir(package)}
    assert not any(name.startswith("late_package.") for name in sys.modules)
    assert package.LIMIT == 3
    assert "late_package.heavy" not in sys.modules
    assert package.Thing.size == 7
    assert package.Thing is sys.modules["late_package.heavy"].Thing


def test_a_function_is_not_hidden_by_the_module_of_its_name(package):
    assert package.Thing.size == 7  # imports the module measure
    assert package.measure() == 7
    assert package.measure() == 7
    from late_package.measure import LIMIT

    assert LIMIT == 3
    from late_package import measure

    assert measure() == 7


def test_a_name_may_be_replaced_as_tests_do(package, monkeypatch):
    monkeypatch.setattr(package, "measure", lambda: 8)
    assert package.measure() == 8
    monkeypatch.undo()
    assert package.measure() == 7


def test_unknown_names_are_attribute_errors(package):
    with pytest.raises(AttributeError, match="module 'late_package' has no attribute 'other'"):
        package.other  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'other' from 'late_package'"):
        from late_package import other  # noqa: F401
