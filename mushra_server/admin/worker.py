"""What takes long, in a separate process: the analysis, and the exports.

The serving process starts it (`work.py`), says on its standard input what to do, and reads the result from
its standard output. Neither its memory nor its time is the server's.
"""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import shutil
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import BinaryIO

from mushra_server.admin.background import step_back
from mushra_server.admin.results import compute
from mushra_server.database.database import Database
from mushra_server.export.files import export_files
from mushra_server.export.tables import write_csv, write_json
from mushra_server.study.served_study import Study
from mushra_server.web.large_bodies import RESERVE_BYTES

__all__ = ["export_folder", "main"]

STREAMS = {"csv": write_csv, "json": write_json}


def main(source: BinaryIO, out: BinaryIO) -> None:
    """Do one task."""
    task = json.load(source)
    root, database = Path(task["study"]), Database(task["url"], create=False)
    try:
        if task["format"] is None:
            pickle.dump(compute(Study(root, own_page=False), database), out)
        elif task["folder"] is None:
            file = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=False)
            with database.read(patient=True) as connection:
                STREAMS[task["format"]](connection, file)
            file.flush()
            file.detach()
        else:
            out.write(os.fsencode(export_folder(database, root, task["format"], Path(task["folder"]))))
    finally:
        database.close()


def export_folder(database: Database, study: Path, format: str, folder: Path) -> Path:
    """Write an export to a folder; return its only file, or an archive of all."""
    look = partial(_leave_room, folder)
    found = [path for path, _ in export_files(database, study, format, folder / "files", look=look)]
    if len(found) == 1 and format != "webmushra":
        return found[0]
    archive = folder / f"{format}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in found:
            packed.write(path, path.relative_to(folder / "files").as_posix())
    return archive


def _leave_room(folder: Path) -> None:
    """Let an export not take the part of the disk that is for ratings.

    Raises:
        OSError: It would.
    """
    if shutil.disk_usage(folder).free < RESERVE_BYTES:
        raise OSError(errno.ENOSPC, "the rest of the disk is for ratings", str(folder))


if __name__ == "__main__":
    step_back()
    # Whatever a library prints must not come into the result.
    result, sys.stdout = sys.stdout, sys.stderr
    main(sys.stdin.buffer, result.buffer)
    result.flush()
