"""Lazy import of the names of a package."""

import ast
import sys
from importlib import import_module
from importlib.abc import InspectLoader
from types import ModuleType
from typing import Any, cast


def import_when_used(package: str) -> None:
    """Import each name of a package from its module when the name is first used.

    The names are the imports in the package's ``if TYPE_CHECKING`` block, ``from .module import name as name``. The
    block is read by type checkers and editors, is never executed, and defines ``__all__``.

    Parameters
    ----------
    package
        ``__name__`` of the package, whose ``__init__.py`` calls this function.
    """
    module = sys.modules[package]
    loader = cast(InspectLoader, cast(Any, module.__spec__).loader)
    tree = ast.parse(loader.get_source(package) or "")
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    vars(module)["_late"] = {
        alias.asname or alias.name: (f".{node.module}", alias.name) for node in imports for alias in node.names
    }
    vars(module)["__all__"] = sorted(vars(module)["_late"])
    module.__class__ = LatePackage


class LatePackage(ModuleType):
    """Package whose names are imported on first use."""

    _late: dict[str, tuple[str, str]]

    def __getattr__(self, name: str) -> Any:
        """Import a name on first use."""
        if name not in self._late:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        source, own = self._late[name]
        value = getattr(import_module(source, self.__name__), own)
        vars(self)[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, unless it would replace a lazy name by a module.

        The import system sets ``evaluation.evaluate`` to the module of that name, which would hide the function.
        """
        if not (name in self._late and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        """List the public names, imported or not."""
        return sorted({*self._late, *(name for name in vars(self) if name.startswith("__"))})
