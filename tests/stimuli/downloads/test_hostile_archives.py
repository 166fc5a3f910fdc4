"""An archive that somebody else has made: nothing of it is written outside the data set's folder."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest

from stimuli.downloads.download import unpack
from stimuli.downloads.remote import Remote
from stimuli.errors import DatasetError

REMOTE = Remote("A set", "", "SET-1", "meta/esc50.csv", "CC0", "1 kB")


def hostile_tar(name: str, kind: bytes, target: str = "") -> bytes:
    """Return an archive whose second member is of another `kind`, or leads elsewhere."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("SET-1/meta/esc50.csv"), io.BytesIO())
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        packed.addfile(member, io.BytesIO())
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("../../elsewhere.wav", tarfile.REGTYPE, ""),
        ("SET-1/../../elsewhere.wav", tarfile.REGTYPE, ""),
        ("/elsewhere.wav", tarfile.REGTYPE, ""),
        ("SET-1/elsewhere", tarfile.SYMTYPE, "/etc"),
        ("SET-1/elsewhere.wav", tarfile.LNKTYPE, "/etc/passwd"),
        ("SET-1/elsewhere.wav", tarfile.FIFOTYPE, ""),
        ("SET-1/elsewhere.wav", tarfile.CHRTYPE, ""),
    ],
)
def test_nothing_of_an_archive_leads_elsewhere(tmp_path: Path, name: str, kind: bytes, target: str) -> None:
    out = tmp_path / "sets" / "set"
    out.parent.mkdir()
    archive = out.with_name("set.tar")
    archive.write_bytes(hostile_tar(name, kind, target))
    expected = re.escape(f"({name!r}; expected files and folders of the archive's own)")
    with pytest.raises(DatasetError, match=expected):
        unpack(archive, out, REMOTE)
    assert list(out.parent.iterdir()) == [archive]
    assert not list(tmp_path.glob("elsewhere*"))
