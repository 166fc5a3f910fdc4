"""nginx itself in front of the server: prefixes, rewritten hosts, and what it logs."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import workers
from benchmarks.loading.ports import find_free_port
from mushra_server.web.server import Options
from mushra_server.web.waitress_server import bind, listen

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")
def test_nginx_with_a_prefix_and_another_host(make_app, tmp_path):
    """The real proxy: one location that removes the path, one that does not; both write their own Host."""
    port = find_free_port()
    app = make_app(options=Options(public_url=f"http://127.0.0.1:{port}/study1", host="127.0.0.1"))
    server = listen(app, bind("127.0.0.1", 0))
    threading.Thread(target=server.run, daemon=True).start()
    upstream = f"http://127.0.0.1:{server.effective_port}"
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/err; events {{}} http {{ access_log off; "
        f"{paths}"
        f"server {{ listen 127.0.0.1:{port}; location /study1/api/ {{ proxy_pass {upstream}; }}"
        f"location /study1/ {{ proxy_pass {upstream}/; }} }} }}"
    )
    proxy = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        answer, cookie = ask(port, "POST", "/study1/api/session", body=b"{}")
        state = json.loads(answer)
        sounds = [one["url"] for page in state["pages"] for one in page.get("stimuli", ())]
        assert len(sounds) == 15
        assert ask(port, "GET", sounds[0], cookie=cookie)[0][:4] == b"RIFF"
        body = json.dumps(
            {"page": state["pages"][0]["id"], "attempt": "a", "ratings": [], "answers": {}}
        ).encode()
        saved, _ = ask(port, "PUT", "/study1/api/session/pages/0", body=body, cookie=cookie)
        assert json.loads(saved)["saved"] == 0
    finally:
        proxy.terminate()
        proxy.wait(timeout=10)
        server.close()


def temporary(folder):
    """Return the settings of nginx's own folders, which a user without rights cannot make elsewhere."""
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "".join(f"{name}_temp_path {folder}/{name};" for name in names)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")
def test_the_nginx_example_logs_neither_participants_nor_resume_links(tmp_path):
    """The example of docs/server.md, without TLS, in front of a server that is down, which nginx logs too."""
    text = (Path(__file__).parents[3] / "docs/server.md").read_text(encoding="utf-8")
    example = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)[1]
    port = find_free_port()
    example = example.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace("/run/", f"{tmp_path}/")
    example = example.replace("/var/log/nginx/", f"{tmp_path}/")
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/main.log; events {{}} http {{ "
        f"{temporary(tmp_path)} {example} }}"
    )
    proxy = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        for path in (
            "/?PROLIFIC_PID=secret1",
            "/resume/secret2",
            "/new?participant=secret3",
            "/api/session?secret4",
        ):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path, headers={"Referer": "http://127.0.0.1/?workerId=secret5"})
            assert connection.getresponse().status == 502
            connection.close()
    finally:
        proxy.terminate()
        proxy.wait(timeout=10)
    logs = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
    assert (
        "GET /resume/... 502" in logs["listenable.access.log"]
        and "GET /new 502" in logs["listenable.access.log"]
    )
    assert not [name for name, said in logs.items() if "secret" in said]


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")
def test_slow_clients_have_none_of_gunicorns_threads_behind_nginx(make_study, tmp_path, monkeypatch):
    """Four threads; twelve clients each who send nothing, half a header, half a body, or read nothing."""
    pytest.importorskip("gunicorn")
    monkeypatch.setattr(workers, "THREADS", 4)
    study, address = make_study(), f"127.0.0.1:{find_free_port()}"
    Path(tmp_path).chmod(0o755)
    url = f"sqlite:///{study}/ratings.sqlite3"
    with (
        workers.gunicorn(study, url, address, workers=1),
        workers.nginx(tmp_path, address) as port,
        ExitStack() as stack,
    ):
        answer, cookie = ask(port, "POST", "/api/session", body=b"{}", named="127.0.0.1")
        sound = next(one["url"] for page in json.loads(answer)["pages"] for one in page.get("stimuli", ()))
        head = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nCookie: {cookie}\r\n"
        for sent in (
            "",
            f"GET / HTTP/1.1\r\n{head}",
            f"POST /api/session HTTP/1.1\r\n{head}Content-Length: 1000\r\n\r\n{{",
            f"GET {sound} HTTP/1.1\r\n{head}\r\n",
        ):
            for _ in range(12):
                slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                slow.sendall(sent.encode())
        time.sleep(0.5)
        started = time.monotonic()
        for _ in range(8):
            assert json.loads(ask(port, "GET", "/healthz")[0])["process"] == "ok"
        assert time.monotonic() - started < 8


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens at {port}")


def ask(port, method, path, *, body=None, cookie="", named=None):
    """Send a request as a browser at the public address would; return the answer and the cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {
        "Content-Type": "application/json",
        "Origin": f"http://{named or f'127.0.0.1:{port}'}",
        "Cookie": cookie,
    }
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status in (200, 201), content
    found = (answer.headers["Set-Cookie"] or "").split(";")[0]
    connection.close()
    return content, found


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")
def test_one_address_does_not_have_all_connections_of_nginx(tmp_path, monkeypatch):
    """Requests of which half a body never comes; the server is down, which others are told."""
    monkeypatch.setattr(workers, "NGINX", workers.NGINX.replace("worker_processes 2", "worker_processes 1"))
    Path(tmp_path).chmod(0o755)
    head = b"POST /api/session HTTP/1.1\r\nHost: listening.example.org\r\nContent-Length: 100\r\n\r\n"
    with workers.nginx(tmp_path, "127.0.0.1:1") as port, ExitStack() as stack:

        def send(address, sent):
            connection = socket.create_connection(("127.0.0.1", port), 10, (address, 0))
            stack.callback(connection.close)
            connection.sendall(sent)
            return connection

        for _ in range(400):
            send("127.0.0.2", head)
        last = send("127.0.0.2", head)
        assert last.recv(100).startswith(b"HTTP/1.1 503 ")
        for address in ("127.0.0.3", "127.0.0.1"):
            assert send(address, head + 100 * b" ").recv(100).startswith(b"HTTP/1.1 502 ")
