"""An experimenter who is logged in, and what they send and see."""

from __future__ import annotations

import re

import pytest

from mushra_server.admin import results_cache
from mushra_server.admin.results import compute
from mushra_server.database import settings


@pytest.fixture
def token(app):
    return settings.ensure_admin_token(app.extensions["listenable"].database)


@pytest.fixture
def admin(app, token):
    client = app.test_client()
    assert client.post("/admin/login", data={"token": token}).status_code == 302
    return client


@pytest.fixture(autouse=True)
def _analyse_here(monkeypatch):
    """The analysis without its process, which takes seconds to start."""
    monkeypatch.setattr(
        results_cache, "analyse", lambda server, limit_s: compute(server.study, server.database)
    )


def form_token(admin):
    return re.search(r'name="form_token" value="([^"]+)"', admin.get("/admin/log").text)[1]


def send(admin, path, **fields):
    return admin.post(path, data={"form_token": form_token(admin), **fields})
