"""Names of a package, each imported from its module when it is first used."""

import ast
import sys
from importlib import import_module
from importlib.abc import InspectLoader
from types import ModuleType
from typing import Any, cast


def import_when_used(package: str) -> None:
    """Import the names of ``package`` when they are first used: those that its ``if TYPE_CHECKING`` block imports.

    The block is what type checkers and editors read, as ``from .module import name as name``; it is never run, and is
    the one list of the package's names: ``__all__`` comes from it.

    Parameters
    ----------
    package
        ``__name__`` of the package that calls this function, from its ``__init__.py``.
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
    """A package whose names are imported from its modules when they are first used."""

    _late: dict[str, tuple[str, str]]

    def __getattr__(self, name: str) -> Any:
        """Import a name that is used for the first time."""
        if name not in self._late:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        source, own = self._late[name]
        value = getattr(import_module(source, self.__name__), own)
        vars(self)[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, but never one of the late names to a module.

        The import system sets ``evaluation.evaluate`` to the module of that name, and would so hide the function.
        """
        if not (name in self._late and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        """List the public names, imported or not."""
        return sorted({*self._late, *(name for name in vars(self) if name.startswith("__"))})
