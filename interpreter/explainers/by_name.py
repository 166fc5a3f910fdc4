"""Methods by name, each loaded when it is asked for: Captum takes half a second to import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TypeVar

from interpreter.explainers.base import Explainer

M = TypeVar("M", bound=Explainer)


class MethodsByName(Mapping[str, type[M]]):
    """Names are there at once; a method's module is imported with its class.

    Args:
        package: where the modules are.
        homes: `module:Class` in that package, by the method's name.
    """

    def __init__(self, package: str, homes: Mapping[str, str]) -> None:
        self.package, self.homes = package, homes

    def __getitem__(self, name: str) -> type[M]:
        module, _, class_name = self.homes[name].partition(":")
        method: type[M] = getattr(import_module(f"{self.package}.{module}"), class_name)
        return method

    def __contains__(self, name: object) -> bool:
        return name in self.homes

    def __iter__(self) -> Iterator[str]:
        return iter(self.homes)

    def __len__(self) -> int:
        return len(self.homes)
