"""Sounds that nginx sends: what the server answers, what is copied, and real nginx in between."""

from __future__ import annotations

import http.client
import shutil
import stat
import subprocess
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from benchmarks.loading.ports import find_free_port
from mushra_server.errors import ServerError
from mushra_server.web.server import EXTENSION, Options
from mushra_server.web.waitress_server import bind, listen
from tests.mushra_server.web.test_nginx import NGINX, temporary, wait_for

FLAC = {"Accept": "audio/flac"}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "copies"
    made.mkdir()
    return made


@pytest.fixture
def app(make_app, folder):
    return make_app(options=Options(behind_proxy=True, sendfile=str(folder)))


@pytest.fixture
def urls(listener):
    """The addresses of the sounds of one page."""
    page = listener.trials()[0]
    return [page["reference"]["url"], *(one["url"] for one in page["stimuli"])]


def copied(folder, response):
    """Return what nginx would send."""
    return (folder / response.headers["X-Accel-Redirect"].removeprefix("/listenable-sounds/")).read_bytes()


@pytest.mark.parametrize("headers", [{}, FLAC])
def test_the_answer_names_a_copy_of_what_would_be_sent(listener, urls, folder, headers):
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}  # not the proxy: it gets the sound, and no name
    for url in urls:
        named = listener.client.get(url, headers=headers)
        itself = listener.client.get(url, headers=headers, environ_overrides=elsewhere)
        assert named.status_code == itself.status_code == 200
        assert not named.data and itself.data and "X-Accel-Redirect" not in itself.headers
        assert copied(folder, named) == itself.data
        for name in ("Content-Type", "ETag", "Vary", "Cache-Control"):
            assert named.headers[name] == itself.headers[name]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o640}


def test_access_etags_and_changed_sounds_are_as_without_nginx(app, listener, urls, folder):
    found = listener.client.get(urls[0])
    again = listener.client.get(urls[0], headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304 and "X-Accel-Redirect" not in again.headers
    stranger = app.test_client().get(urls[0])
    assert stranger.status_code == 401 and "X-Accel-Redirect" not in stranger.headers
    assert listener.client.get(f"{urls[0]}x").status_code == 404
    for path in (app.extensions[EXTENSION].study.root / "audio").rglob("*.wav"):
        path.write_bytes(path.read_bytes()[:-2] + b"\x01\x02")
    changed = listener.client.get(urls[0])
    assert changed.status_code == 409 and "X-Accel-Redirect" not in changed.headers


def test_a_copy_that_is_lost_or_cut_is_made_again(listener, urls, folder):
    whole = copied(folder, listener.client.get(urls[0]))
    (copy,) = folder.iterdir()
    copy.write_bytes(whole[:100])
    assert copied(folder, listener.client.get(urls[0])) == whole
    copy.unlink()
    assert copied(folder, listener.client.get(urls[0])) == whole


def test_without_room_for_copies_the_server_sends_the_sounds_itself(listener, urls, folder, caplog):
    folder.rmdir()
    for _ in range(2):
        found = listener.client.get(urls[0])
        assert found.data[:4] == b"RIFF" and "X-Accel-Redirect" not in found.headers
    assert caplog.text.count("this server sends the sounds itself that are not copied") == 1


@pytest.mark.parametrize(
    ("behind_proxy", "path", "said"),
    [
        (False, ".", "--sendfile needs nginx in front of the server: give --behind-proxy or --proxy-address"),
        (True, "missing", "not a folder; expected one for copies of sounds"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_at_the_start(make_app, tmp_path, behind_proxy, path, said):
    with pytest.raises(ServerError) as refused:
        make_app(options=Options(behind_proxy=behind_proxy, sendfile=str(tmp_path / path)))
    assert said in str(refused.value)
    assert not list(tmp_path.rglob("ratings.sqlite3")), "no database was made"


def example(port, upstream, folder):
    """Return the servers of deploy/nginx.conf, without TLS and with copies in a folder."""
    text = (Path(__file__).parents[3] / "deploy/nginx.conf").read_text(encoding="utf-8")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{find_free_port()};")
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    lines = [line for line in text.splitlines() if "ssl_certificate" not in line]
    text = "\n".join(lines).replace("127.0.0.1:8000", upstream).replace("/var/log/nginx", str(folder.parent))
    return text.replace("/var/lib/nginx", str(folder.parent)).replace(
        "/var/lib/listenable/sounds", str(folder)
    )


@contextmanager
def running(tmp_path, text):
    """Run nginx, whose workers must reach a folder of this user's."""
    config = tmp_path / "nginx.conf"
    user = f"user {Path(tmp_path).owner()};" if Path(tmp_path).owner() == "root" else ""
    config.write_text(
        f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/main.log; events {{}} "
        f"http {{ {temporary(tmp_path)} {text} }}"
    )
    proxy = subprocess.Popen([NGINX, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        proxy.terminate()
        proxy.wait(timeout=10)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")
def test_nginx_sends_what_the_server_would(app, listener, urls, folder, tmp_path):
    """deploy/nginx.conf: the same bytes, ranges and headers, and no way to a copy without the server."""
    server = listen(app, bind("127.0.0.1", 0))
    threading.Thread(target=server.run, daemon=True).start()
    upstream, port = f"127.0.0.1:{server.effective_port}", find_free_port()
    cookie = "; ".join(f"{one.key}={one.value}" for one in listener.client._cookies.values())

    def ask(path, method="GET", port=port, **headers):
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request(method, path, headers={"Host": "localhost", "Cookie": cookie, **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()

    try:
        with running(tmp_path, example(port, upstream, folder)):
            wait_for(port)
            named = listener.client.get(urls[0])
            whole = copied(folder, named)
            status, sent, content = ask(urls[0])
            assert (status, content) == (200, whole)
            direct = {name for name, _ in listener.client.get(urls[0]).headers} - {"X-Accel-Redirect"}
            assert direct <= {*sent} and not {"X-Accel-Redirect", "Last-Modified"} & {*sent}
            assert all(sent[name] == named.headers[name] for name in direct - {"Content-Length"})
            tag = named.headers["ETag"]
            status, found, content = ask(urls[0], Range="bytes=10-19")
            assert (status, content) == (206, whole[10:20])
            assert found["Content-Range"] == f"bytes 10-19/{len(whole)}"
            assert ask(urls[0], Range="bytes=10-19", **{"If-Range": tag})[::2] == (206, whole[10:20])
            assert ask(urls[0], Range="bytes=10-19", **{"If-Range": '"other"'})[::2] == (200, whole)
            many = ",".join(f"{at}-{at}" for at in range(0, 400, 2))
            assert ask(urls[0], Range=f"bytes={many}")[::2] == (200, whole)
            assert ask(urls[0], Range=f"bytes={len(whole)}-")[0] == 416
            assert ask(urls[0], **{"If-None-Match": tag})[::2] == (304, b"")
            status, found, content = ask(urls[0], "HEAD")
            assert (status, found["Content-Length"], content) == (200, str(len(whole)), b"")
            for path in (named.headers["X-Accel-Redirect"], "/listenable-sounds/", "/listenable-sounds/../"):
                assert ask(path)[0] in (400, 404)
            assert ask(urls[0], Cookie="")[0] == 401
            for accepted in (
                "gzip",
                "br, gzip;q=0",
                "gzip;q=0.5, br",
                "gzip",
            ):  # kept by nginx for some seconds, each by itself
                script = ask("/static/page/start.js?x=1", **{"Accept-Encoding": accepted})
                assert script[::2] == ask("/static/page/start.js", **{"Accept-Encoding": accepted},
                                          port=server.effective_port)[::2]  # fmt: skip
            assert ask("/static/page/missing.js")[0] == 404
    finally:
        server.close()
        shutil.rmtree(folder)
