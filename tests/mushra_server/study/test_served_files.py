"""Sounds that change, vanish or are linked elsewhere while a study is served."""

from __future__ import annotations

import hashlib
import os
import shutil

import pytest
import yaml

from mushra_server.errors import Refusal, ServerError
from mushra_server.web.server import Options
from study_builder.config.sound_tags import read_untagged


def _file_of(app, rows, url):
    server = app.extensions["listenable"]
    session = rows(app, "SELECT uuid, slot FROM sessions")[0]
    return server.study.file(server.names.find(session["uuid"], session["slot"], url.removeprefix("/audio/")))


def _with_hashes(study):
    """Add the hashes that `study build` writes."""
    config = yaml.safe_load((study / "config.yaml").read_text())
    sounds = list(study.rglob("*.wav"))
    hashes = {
        path.relative_to(study).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sounds
    }
    config["listenable"]["files"] = hashes
    (study / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return study


@pytest.fixture(params=["with hashes", "by hand"])
def served(request, make_study, make_app, make_listener, rows):
    study = make_study()
    app = make_app(_with_hashes(study) if request.param == "with hashes" else study)
    listener = make_listener(app).start()
    url = listener.trials()[0]["stimuli"][0]["url"]
    return app, listener.client, url, _file_of(app, rows, url)


def _replace(file, other):
    file.write_bytes(other)


def _same_size_and_time(file, other):
    before = file.stat()
    file.write_bytes(other[: before.st_size][::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [_replace, _same_size_and_time])
def test_a_changed_sound_is_409_for_the_listener_and_named_to_the_experimenter(served, change, caplog):
    app, client, url, file = served
    first = client.get(url)
    assert first.status_code == 200
    change(file, first.data + b"other")
    for headers in ({}, {"If-None-Match": first.headers["ETag"]}, {"Range": "bytes=0-9"}):
        answer = client.get(url, headers=headers)
        assert answer.status_code == 409 and answer.json["reason"] == "sound_changed"
        assert "was changed on the server while the study was running" in answer.json["error"]
    assert caplog.text.count(f"{file} was changed while the study was served") == 1, "once, not each time"
    assert app.extensions["listenable"].files.problems() == [f"{file} was changed"]


def _open(app, file):
    opened = app.extensions["listenable"].files.open(file.relative_to(file.parents[2]).as_posix()).file
    opened.seek(0)
    return opened


@pytest.mark.parametrize("change", [_replace, _same_size_and_time])
def test_a_sound_that_changes_on_its_way_is_not_sent_to_its_end(served, change):
    """A slow browser takes minutes for one, and would take the rest of another sound for that of this one."""
    app, client, url, file = served
    content = file.read_bytes()
    with _open(app, file) as opened:
        assert opened.read(100) == content[:100]
        change(file, content + b"other")
        with pytest.raises(Refusal, match="was changed on the server") as raised:
            opened.read(100)
    assert raised.value.status == client.get(url).status_code == 409


@pytest.mark.parametrize("change", [lambda file: os.link(file, file.with_suffix(".kept")), os.unlink])
def test_a_sound_that_gets_another_name_or_loses_its_own_is_sent_to_its_end(served, change):
    """As by backups that link files, and by who puts another file in its place."""
    app, _, _, file = served
    content = file.read_bytes()
    with _open(app, file) as opened:
        change(file)
        assert opened.read() == content


def test_a_missing_sound_is_409_and_back_when_it_is_restored(served):
    app, client, url, file = served
    first = client.get(url)
    shutil.copy2(file, file.with_suffix(".kept"))
    file.unlink()
    answer = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert answer.status_code == 409 and "is missing" in answer.json["error"]
    assert app.extensions["listenable"].files.problems() == [f"{file} is missing"]
    file.with_suffix(".kept").rename(file)
    again = client.get(url)
    assert again.status_code == 200 and again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    assert app.extensions["listenable"].files.problems() == []


def test_a_file_that_was_only_touched_is_the_same_sound(served):
    _, client, url, file = served
    first = client.get(url)
    os.utime(file)
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""


def test_the_tag_follows_the_content(make_study, make_app, make_listener, tone):
    """A study that was rebuilt has the same addresses for a session, and other sounds."""
    study = make_study()
    app = make_app(study)
    url = make_listener(app).start().trials()[0]["reference"]["url"]
    names = app.extensions["listenable"].names
    opaque = url.removeprefix("/audio/")
    assert names.tag(opaque, "a" * 64) != names.tag(opaque, "b" * 64)


@pytest.mark.parametrize("what", ["audio/item0/saliency.wav", "audio/item0", "config.yaml"])
def test_a_link_that_leaves_the_study_is_not_served(make_study, make_app, tmp_path, what):
    study = make_study()
    outside = tmp_path / "elsewhere"
    shutil.move(study / what, outside)
    (study / what).symlink_to(outside)
    with pytest.raises(ServerError, match="is a link that leaves the study's folder"):
        make_app(study)


def test_links_within_the_study_and_to_the_study_are_served(make_study, make_app, make_listener, tmp_path):
    study = make_study()
    (study / "audio/item0/saliency.wav").unlink()
    (study / "audio/item0/saliency.wav").symlink_to("lmac-td.wav")
    (tmp_path / "link").symlink_to(study)
    listener = make_listener(make_app(tmp_path / "link")).start()
    for trial in listener.trials():
        assert {listener.client.get(s["url"]).status_code for s in trial["stimuli"]} == {200}


def test_a_sound_of_21_mb_is_not_read_whole(make_study, make_app, make_listener, rows, tone):
    import tracemalloc

    study = make_study(n_items=1)
    tone(study / "audio/item0/reference.wav", 300, seconds=656)
    app = make_app(study)
    listener = make_listener(app).start()
    url = listener.trials()[0]["reference"]["url"]
    listener.client.get(url, headers={"Range": "bytes=0-0"})  # its hash is known now
    tracemalloc.start()
    with listener.client.get(url) as answer:
        size = sum(map(len, answer.iter_encoded()))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 20_900_000 and most < 2_000_000


def test_what_is_sent_has_no_tags(make_study, make_app, make_listener, rows):
    study = make_study()
    for file in study.rglob("*.wav"):
        content = file.read_bytes()
        tag = b"LIST" + (20).to_bytes(4, "little") + b"INFOINAM" + (8).to_bytes(4, "little") + b"lmac-td\0"
        file.write_bytes(content[:12] + tag + content[12:])
    app = make_app(study)
    listener = make_listener(app).start()
    for stimulus in listener.trials()[0]["stimuli"]:
        file = _file_of(app, rows, stimulus["url"])
        assert b"lmac-td" in file.read_bytes()
        answer = listener.client.get(stimulus["url"])
        assert b"lmac-td" not in answer.data and answer.data == read_untagged(file)
        part = listener.client.get(stimulus["url"], headers={"Range": "bytes=30-60"})
        assert part.data == answer.data[30:61], "a range crosses the parts that are left"
        end = listener.client.get(stimulus["url"], headers={"Range": "bytes=-7"})
        assert end.data == answer.data[-7:]


def test_webmushras_own_page_gets_the_same_files(make_study, make_app, tmp_path):
    """Without tags, and not once they were changed or removed; the config makes their names public."""
    for name in ("index.html", "startup.js"):
        (tmp_path / "client").mkdir(exist_ok=True)
        (tmp_path / "client" / name).write_text("")
    study = make_study()
    file = study / "audio/item0/saliency.wav"
    plain = file.read_bytes()
    tag = b"LIST" + (20).to_bytes(4, "little") + b"INFOINAM" + (8).to_bytes(4, "little") + b"lmac-td\0"
    file.write_bytes(plain[:12] + tag + plain[12:])
    app = make_app(study, options=Options(webmushra=str(tmp_path / "client")))
    client = app.test_client()
    sent = client.get("/audio/item0/saliency.wav")
    assert sent.status_code == 200 and sent.data == read_untagged(file) and b"lmac-td" not in sent.data
    assert sent.content_type == "audio/wav" and "unsafe-eval" in sent.headers["Content-Security-Policy"]
    part = client.get("/audio/item0/saliency.wav", headers={"Range": "bytes=30-60"})
    assert part.status_code == 206 and part.data == sent.data[30:61]
    tags = {"If-None-Match": sent.headers["ETag"]}
    assert client.get("/audio/item0/saliency.wav", headers=tags).status_code == 304
    file.write_bytes(plain)
    changed = client.get("/audio/item0/saliency.wav", headers=tags)
    assert changed.status_code == 409 and "was changed on the server" in changed.text
    file.unlink()
    assert client.get("/audio/item0/saliency.wav").status_code == 409
    assert app.extensions["listenable"].files.problems() == [f"{file} is missing"]
