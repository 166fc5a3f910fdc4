"""Pages of the documentation that are made from the code: commands, Python names and choices.

A hook of MkDocs; `make docs` calls it.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import analysis
import interpreter
import listenable
import study_builder
from listenable.cli import COMMANDS, build_app, main
from study_builder.building.choices import Choices
from study_builder.choice_texts import CHOICE_TEXTS
from study_builder.config.json_schema import describe_config, describe_settings

ELSEWHERE = "https://unpkg.com/iframe-worker/shim"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the code."""
    made = {
        "commands.md": describe_commands(),
        "python.md": describe_python(),
        "choices.md": describe_choices(),
        "schema/choices.json": json.dumps(describe_settings(Choices), indent=1) + "\n",
        "schema/config.json": json.dumps(describe_config(), indent=1) + "\n",
    }
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Let pages that are opened from disk search with a script of the site, not with one from elsewhere."""
    return output.replace(ELSEWHERE, "worker_from_disk.js")


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """Change the page of what was not found in the same way."""
    return output_content.replace(ELSEWHERE, "worker_from_disk.js")


def describe_commands() -> str:
    """Return the page of commands: what `--help` says of each."""
    parts = ["# Commands\n\nWhat `listenable COMMAND --help` prints.\n"]
    for name in COMMANDS:
        everything: Any = typer.main.get_command(build_app(name))
        below = everything.commands[name]
        for path in (name, *(f"{name} {command}" for command in getattr(below, "commands", ()))):
            depth = "##" if path == name else "###"
            parts.append(f"{depth} listenable {path}\n\n```text\n{_help_of(path.split())}\n```\n")
    return "\n".join(parts)


def _help_of(words: list[str]) -> str:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return shown.getvalue().strip()


def describe_python() -> str:
    """Return the page of public Python names: each package's, from where it is defined."""
    parts = [
        "# Python\n\nEverything below is also a name of `listenable`: `import listenable`, then "
        "`listenable.load_ratings(...)`.\n"
    ]
    public = set(listenable.__all__)
    for package in (analysis, study_builder, interpreter):
        parts.append(f"## {package.__name__}\n\n{_first_sentence(package)}\n")
        for name in package.__all__:
            thing = getattr(package, name)
            if name in public and (inspect.isfunction(thing) or inspect.isclass(thing)):
                parts.append(f"::: {thing.__module__}.{thing.__qualname__}\n")
    return "\n".join(parts)


def _first_sentence(package: Any) -> str:
    return (inspect.getdoc(package) or "").split("\n\n")[0]


def describe_choices() -> str:
    """Return the page of choices, with where an editor finds their schema."""
    lines = [
        "# Choices\n",
        "A file of choices, for `listenable study build --choices`, has these keys; "
        "[File formats](formats.md) has those of `config.yaml`. An editor with a YAML language server "
        "completes and checks the keys "
        "if the file begins with the address of [their JSON schema](schema/choices.json):\n",
        "```yaml\n# yaml-language-server: $schema=schema/choices.json\ntitle: Noise reduction\n```\n",
        "| key | default | what it is |\n|---|---|---|",
    ]
    for name, field in Choices.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default is None else f"`{json.dumps(default, default=str)}`"
        lines.append(f"| `{name}` | {shown} | {CHOICE_TEXTS.get(name, '')} |")
    return "\n".join(lines) + "\n"
