"""The closing time of a study: when it has come, the study is closed like by hand, once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from mushra_server.database import settings
from mushra_server.many import ManyStudies
from mushra_server.studio.store import Store, studies
from mushra_server.studio.studies import is_past

__all__ = ["close_if_due"]


def close_if_due(store: Store, served: ManyStudies, study: Row[Any]) -> bool:
    """Close a study whose closing time is over; return whether it was.

    Whoever comes first after that time does it: a listener, or somebody who is about to open the study or to
    set other times. Otherwise the next listener would close what was opened just now, and scores that the
    time has opened would be those of a study that goes on.

    Args:
        store: The studio's database.
        served: The studies.
        study: What is known of it.
    """
    if not is_past(study.closes_at):
        return False
    same = (studies.c.name == study.name) & (studies.c.closes_at == study.closes_at)
    with served.use(study.name) as server, store.write() as connection:
        if connection.execute(studies.update().where(same).values(closes_at=None)).rowcount:
            with server.database.write(urgent=True) as ratings:
                settings.set_closed(ratings, True, "closing time")
    return True
