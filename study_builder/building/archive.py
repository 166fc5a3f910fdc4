"""A study in one file: everything that is needed to repeat it, and no participant's data."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from stimuli import sha256_of
from stimuli.files import atomic_path
from study_builder.config import CONFIG_NAME, StudyConfig
from study_builder.errors import BuildError, StudyError
from study_builder.study_folder import leaves_the_folder, links_outside

LIBRARIES = ("listenable", "numpy", "scipy", "soundfile", "soxr", "pyloudnorm", "pydantic", "PyYAML")
LICENCE_WORDS = ("licence", "license", "copying", "attribution", "notice", "readme", "credits")
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_study(study: Path | str, out: Path | str, licences: Sequence[Path] = ()) -> list[str]:
    """Write a study to a zip file; the same study gives the same bytes.

    Packed are the config, every file that it names, files whose name says licence, attribution or readme, and
    three lists: `SHA256SUMS`, `versions.json` and `REPEAT.txt`. Ratings are not.

    Args:
        study: its folder.
        out: the zip file.
        licences: further files, such as those of the data set that the sounds are from.

    Returns:
        The names in the archive.

    Raises:
        BuildError: a file is missing, has changed since the study was built, or is outside the study.
    """
    folder = Path(study)
    config = StudyConfig.load(folder)
    files = dict(_files(folder, config))
    files |= {f"licences/{path.name}": path for path in licences}
    texts = {
        "SHA256SUMS": "".join(f"{sha256_of(path)}  {name}\n" for name, path in sorted(files.items())),
        "versions.json": json.dumps(_versions(), indent=1) + "\n",
        "REPEAT.txt": _describe_repeating(config),
    }
    clash = sorted(files.keys() & texts.keys())
    if clash:
        raise BuildError(f"{folder / clash[0]}: has the name of one of the archive's own lists; rename it")
    with atomic_path(Path(out)) as temporary, ZipFile(temporary, "w", ZIP_STORED) as archive:
        for name in sorted([*files, *texts]):
            _add(archive, name, files[name] if name in files else texts[name].encode())
    return sorted([*files, *texts])


def _files(folder: Path, config: StudyConfig) -> Iterator[tuple[str, Path]]:
    _refuse_link(folder, CONFIG_NAME)
    yield CONFIG_NAME, folder / CONFIG_NAME
    for name in sorted({*config.options.files, *config.named_files()}):
        parts = PurePosixPath(name)
        path = folder / parts
        if leaves_the_folder(name):
            raise BuildError(f"{folder / CONFIG_NAME}: the path {name!r} leaves the study's folder")
        _refuse_link(folder, name)
        if not path.is_file():
            raise BuildError(f"{path}: is missing; `listenable study check` lists everything that is wrong")
        if sha256_of(path) != config.options.files.get(name, sha256_of(path)):
            raise BuildError(
                f"{path}: has changed since the study was built; build it again, or restore the file"
            )
        yield parts.as_posix(), path
    for path in sorted(folder.iterdir()):
        if path.is_file() and any(word in path.name.lower() for word in LICENCE_WORDS):
            _refuse_link(folder, path.name)
            yield path.name, path


def _refuse_link(folder: Path, name: str) -> None:
    if links_outside(folder, name):
        raise BuildError(
            f"{folder / name}: is a link that leaves the study's folder; expected a file in the folder"
        )


def _add(archive: ZipFile, name: str, content: Path | bytes) -> None:
    """Add a file with nothing of this machine in it: no time, no owner, no compressor."""
    entry = ZipInfo(name, EPOCH)
    entry.external_attr = 0o100644 << 16
    entry.create_system = 3
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with content.open("rb") as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError as error:
            raise StudyError(f"{library} is not installed as a package, so its version is unknown") from error
    return found


def _describe_repeating(config: StudyConfig) -> str:
    made = "".join(f"  {key}: {value}\n" for key, value in config.options.provenance.items())
    return (
        f"{config.title}\n\n"
        "This archive contains a listening test: its pages and orders (config.yaml), its sounds, the hash of "
        "each\nfile (SHA256SUMS) and the versions of the programs that packed it (versions.json). It "
        "contains no ratings.\n\nTo check it and serve it again:\n\n"
        "  sha256sum --check SHA256SUMS\n"
        "  listenable study check .\n"
        "  listenable serve .\n\n"
        f"Every order of every session follows from the seed {config.options.seed} and the session's "
        "number.\n" + (f"\nHow it was made:\n\n{made}" if made else "")
    )
