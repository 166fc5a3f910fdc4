"""From a webMUSHRA config and its sounds to a study: nothing changes except the anchors."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path, PurePosixPath
from zlib import crc32

from stimuli import StimuliError, lowpass_anchor, read_audio, sha256_of, write_audio
from study_builder.config import Block, MushraPage, Notice, Page, StudyConfig
from study_builder.errors import BuildError
from study_builder.sounds.anchors import ANCHORS_BY_NAME
from study_builder.study_folder import copy_named_file, folder_when_complete


def adopt_config(
    config_path: Path | str,
    out: Path | str,
    root: Path | str | None = None,
    *,
    command: str = "",
    overwrite: bool = False,
) -> tuple[StudyConfig, list[Notice]]:
    """Make a study from a webMUSHRA config.

    Sounds and pictures are copied under their own paths. Anchors that webMUSHRA would make in the browser are
    rendered from the page's reference, within the mask and without delay.

    Args:
        config_path: the YAML file.
        out: the study's folder; must not exist, or be empty.
        root: the folder that the config's paths are relative to; by default the config's own folder or the
            one above it, as webMUSHRA keeps configs in `configs/`.
        command: kept in the config.
        overwrite: whether a study at `out` is replaced; one with ratings in its folder never is.

    Returns:
        The study's config, and what was noticed in the file.

    Raises:
        ConfigError: the file is not a config.
        BuildError: a file that it names is missing or outside the folder.
    """
    source = Path(config_path)
    config, notices = StudyConfig.load_with_notices(source)
    names = list(dict.fromkeys(config.named_files()))
    base = config.find_base(source) if root is None else Path(root)
    if root is None and names and not (base / names[0]).is_file():
        raise BuildError(
            f"{source}: {names[0]!r} is neither next to the config nor in the folder above it; "
            "give the folder of its paths with --root"
        )
    with folder_when_complete(Path(out), overwrite) as folder:
        for name in names:
            copy_named_file(name, base, folder)
        config = config.model_copy(update={"pages": tuple(_render(folder, page) for page in config.pages)})
        sounds = {path for page in config.walk() for path in page.sounds().values()}
        made = {"listenable": version("listenable"), "command": command, "config": source.name}
        options = config.options.model_copy(
            update={
                "files": {path: sha256_of(folder / path) for path in sorted(sounds)},
                "provenance": {key: value for key, value in made.items() if value},
            }
        )
        config = config.model_copy(update={"options": options})
        config.save(folder)
    return config, notices


def _render(folder: Path, entry: Page | Block) -> Page | Block:
    """Return a page with rendered anchors in place of ones made in the browser."""
    if isinstance(entry, Block):
        return entry.model_copy(update={"pages": tuple(_render(folder, page) for page in entry.pages)})
    if not isinstance(entry, MushraPage):
        return entry
    still = {"create_anchor35": False, "create_anchor70": False}
    return entry.model_copy(update={"conditions": {**entry.conditions, **_anchors(folder, entry)}, **still})


def _anchors(folder: Path, page: MushraPage) -> dict[str, str]:
    if page.created_anchors and page.reference is None:
        raise BuildError(f"page {page.id!r} asks for anchors and has no reference to make them from")
    paths = {}
    for name in page.created_anchors:
        audio, rate = read_audio(folder / str(page.reference))
        path = PurePosixPath(str(page.reference)).with_suffix("")
        paths[name] = f"{path}.{name}.wav"
        try:
            anchor = lowpass_anchor(audio, rate, ANCHORS_BY_NAME[name].cutoff_hz)
        except StimuliError as error:
            raise BuildError(f"page {page.id!r}, {page.reference}: {error}") from None
        write_audio(folder / paths[name], anchor, rate, seed=crc32(paths[name].encode()))
    return paths
