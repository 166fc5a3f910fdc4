"""Imports every module that a command might, in the process that those of `tests.warm` are forked from.

The packages import their modules when these are asked for: naming a package alone imports next to nothing.
"""

from __future__ import annotations

import importlib
import pkgutil

for package in ("analysis", "interpreter", "listenable", "mushra_server", "stimuli", "study_builder"):
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
# What commands import in the middle of their work.
for name in ("PIL.PngImagePlugin", "seaborn", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite"):
    importlib.import_module(name)
