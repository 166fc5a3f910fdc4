"""Files and folders appear whole or not at all: after an error, on a full disk, after Ctrl-C, in any mode."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stimuli.files import atomic_folder, atomic_path, copy_file, move_into_place, write_bytes, write_text
from tests.servers import hears_ctrl_c

OLD = "the old content"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_text(OLD)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def in_another_process(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_content_is_written_byte_for_byte(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "one\r\ntwo\nß")
    assert (tmp_path / "a.txt").read_bytes() == "one\r\ntwo\nß".encode()
    write_bytes(tmp_path / "b", memoryview(b"\x00\xff"))
    copy_file(tmp_path / "b", tmp_path / "c")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == ["a.txt", "b", "c"]


FULL = """
import resource, signal, sys
from pathlib import Path
from stimuli.files import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path(sys.argv[1]), bytes(5000))
except OSError as error:
    print(error.errno, error.filename)
"""


def test_a_full_disk_keeps_the_old_file_and_is_named_as_the_user_named_it(old: Path) -> None:
    done = in_another_process(FULL, str(old))
    assert done.stdout == f"27 {old}\n", done.stderr
    assert old.read_text() == OLD
    assert names(old.parent) == ["file.txt"]


SLOW = """
import sys, time
from pathlib import Path
from stimuli.files import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("begun", flush=True)
    time.sleep(60)
"""


def test_ctrl_c_keeps_the_old_file(old: Path) -> None:
    command = [sys.executable, "-c", SLOW, str(old)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert len(names(old.parent)) == 2
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode != 0
    assert old.read_text() == OLD
    assert names(old.parent) == ["file.txt"]


def test_an_error_of_another_file_keeps_its_name(old: Path) -> None:
    with pytest.raises(FileNotFoundError) as error, atomic_path(old) as temporary:
        temporary.write_text("half")
        (old.parent / "missing").read_text()
    assert error.value.filename == str(old.parent / "missing")
    with pytest.raises(FileNotFoundError) as error:
        write_text(old.parent / "nowhere" / "a.txt", "a")
    assert error.value.filename == str(old.parent / "nowhere" / "a.txt")
    with pytest.raises(NotADirectoryError) as inside:
        write_text(old / "a.txt", "a")
    assert inside.value.filename == str(old / "a.txt")
    with pytest.raises(IsADirectoryError) as folder:
        write_text(old.parent, "a")
    assert folder.value.filename == str(old.parent)
    assert names(old.parent) == ["file.txt"]


@pytest.fixture(params=[0o077, 0o022, 0o027, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_the_umask_decides_who_may_read(tmp_path: Path, umask: int) -> None:
    def mode(path: Path) -> int:
        return path.stat().st_mode & 0o777

    write_text(tmp_path / "a.txt", "a")
    copy_file(tmp_path / "a.txt", tmp_path / "b.txt")
    assert mode(tmp_path / "a.txt") == mode(tmp_path / "b.txt") == 0o666 & ~umask
    write_text(tmp_path / "secret.txt", "a", private=True)
    assert mode(tmp_path / "secret.txt") == 0o600
    with atomic_folder(tmp_path / "folder") as folder:
        write_text(folder / "a.txt", "a")
    assert mode(tmp_path / "folder") == 0o777 & ~umask
    assert mode(tmp_path / "folder" / "a.txt") == 0o666 & ~umask


def test_a_folder_takes_the_place_of_another_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with atomic_folder(out) as folder:
        write_text(folder / "first.txt", "1")
        assert not out.exists()
    with pytest.raises(KeyboardInterrupt), atomic_folder(out) as folder:
        write_text(folder / "second.txt", "2")
        raise KeyboardInterrupt
    assert names(out) == ["first.txt"]
    with atomic_folder(out) as folder:
        (folder / "deep").mkdir()
        write_text(folder / "deep" / "third.txt", "3")
        assert names(out) == ["first.txt"]
    assert names(out) == ["deep"]
    assert names(tmp_path) == ["out"]


def test_a_folder_that_cannot_be_replaced_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, made = tmp_path / "out", tmp_path / "made"
    out.mkdir(), made.mkdir()
    (out / "old").touch()
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self == made:
            raise OSError(28, "No space left on device", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="No space left"):
        move_into_place(made, out, before_removing=lambda aside: None)
    assert names(tmp_path) == ["made", "out"]
    assert names(out) == ["old"]


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from stimuli import files
def kill(event, words):
    if renamed and event == "os.rename":  # before the second one; the first is over
        os.kill(os.getpid(), signal.SIGKILL)
    renamed.extend([event] if event == "os.rename" else [])
renamed = []
sys.addaudithook(kill)
with files.atomic_folder(Path(sys.argv[1])) as folder:
    (folder / "new").touch()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot let two folders trade names")
def test_a_kill_never_leaves_neither_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").touch()
    in_another_process(KILLED, str(out))
    assert names(out) in (["old"], ["new"])


def test_names_of_any_length_that_the_file_system_takes(tmp_path: Path) -> None:
    for name in ("a" * 255, "ü" * 127, ".hidden"):
        write_text(tmp_path / name, "a")
    assert names(tmp_path) == sorted(["a" * 255, "ü" * 127, ".hidden"])


def test_writers_of_one_file_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    path, contents = tmp_path / "a", [bytes([letter]) * 200_000 for letter in b"abcd"]
    found: set[bytes] = set()
    writers = [
        threading.Thread(target=lambda text=text: [write_bytes(path, text) for _ in range(5)])
        for text in contents
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            found.add(path.read_bytes())
        time.sleep(0.001)
    assert found <= set(contents)
    assert names(tmp_path) == ["a"]


def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the name of each file and folder that is synced, and each rename."""
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_sync(handle: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name}")
        fsync(handle)

    def note_rename(self: Path, target: Path) -> Path:
        done.append(f"rename to {Path(target).name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_rename)
    return done


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="names of open files are read from /proc")
def test_content_is_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = synced(monkeypatch)
    write_text(tmp_path / "a.txt", "a")
    content, name, folder = done
    assert content.startswith("sync .a.txt.") and content.endswith(".part")
    assert (name, folder) == ("rename to a.txt", f"sync {tmp_path.name}")
    done.clear()
    with atomic_folder(tmp_path / "out") as made:
        write_text(made / "b.txt", "b")
        assert done == ["rename to b.txt"], "files of a folder are synced with the folder"
    assert done[1] == "sync b.txt"
    assert done[2].startswith("sync .out.")
    assert done[3:] == ["rename to out", f"sync {tmp_path.name}"]


def test_importing_the_helpers_loads_no_library() -> None:
    heavy = ("numpy", "scipy", "soundfile", "soxr", "pyloudnorm", "pydantic", "pandas", "torch")
    code = f"import sys, stimuli.files; print([name for name in {heavy!r} if name in sys.modules])"
    done = in_another_process(code)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("number", "passed_over"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)]
)
def test_a_file_system_that_cannot_sync_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, passed_over: bool
) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    path = tmp_path / "a.txt"
    if passed_over:
        write_text(path, "content")
        assert path.read_text() == "content"
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            write_text(path, "content")
        assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_no_file_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(5):
        write_text(tmp_path / f"{number}.txt", "content")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_temporary_folder_that_cannot_be_removed_hides_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(name))

    with (
        pytest.raises(RuntimeError, match="the error itself"),
        atomic_folder(tmp_path / "folder") as temporary,
    ):
        (temporary / "inside").mkdir()
        monkeypatch.setattr(os, "rmdir", lambda name, **_: fail(name))
        raise RuntimeError("the error itself")


def test_a_folder_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "disk" / "target", tmp_path / "link"
    target.mkdir(parents=True)
    (target / "before").touch()
    link.symlink_to(target)
    with atomic_folder(link) as folder:
        assert folder.parent == target.parent, "which may be another file system"
        (folder / "after").touch()
    assert link.is_symlink() and [path.name for path in target.iterdir()] == ["after"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["after", "disk", "link", "target"]
