"""The files in deploy/: checked by the programs that will read them, and against what they name."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from listenable.cli import main
from mushra_server import wsgi

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("listenable*.*"))


def instructions(text: str) -> list[tuple[str, str]]:
    """Return a Dockerfile's instructions and their arguments."""
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]  # type: ignore[misc]


def test_the_image_has_what_it_needs_and_does_not_run_as_root() -> None:
    found = instructions((DEPLOY / "Dockerfile").read_text())
    assert found[0][0] == "FROM" and "latest" not in found[0][1]
    copied = [word for name, rest in found if name == "COPY" for word in rest.split()[:-1]]
    assert all((ROOT / word).exists() for word in copied)
    project = (ROOT / "pyproject.toml").read_text()
    packaged = re.search(r"only-include = \[(.*?)\]", project, re.DOTALL)
    assert packaged is not None
    assert {*re.findall(r'"(\w+)"', packaged[1]), "pyproject.toml"} <= set(copied)
    names = [name for name, _ in found]
    assert names.index("USER") < names.index("CMD") and dict(found)["USER"] != "root"
    command = json.loads(dict(found)["CMD"])
    assert command[0] == "gunicorn" and command[-1] == "mushra_server.wsgi:make_app()"
    assert "--preload" not in command and "--access-logfile" not in command


def test_compose_names_files_and_options_that_exist() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert set(services) == {"database", "study", "proxy"}
    build = services["study"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    for volume in services["proxy"]["volumes"]:
        if volume.startswith("."):
            assert (DEPLOY / volume.split(":")[0]).is_file()
    known = set(re.findall(r"LISTENABLE_\w+", Path(wsgi.__file__).read_text("utf-8")))
    assert set(services["study"]["environment"]) <= known
    # The one address from which X-Forwarded-For is believed is the proxy's.
    address = services["proxy"]["networks"]["front"]["ipv4_address"]
    assert services["study"]["environment"]["LISTENABLE_PROXY_ADDRESS"] == address
    assert "ports" not in services["study"] and "ports" not in services["database"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_units(name: str, tmp_path: Path) -> None:
    for unit in UNITS:
        text = (DEPLOY / unit).read_text().replace("/opt/listenable/bin/listenable", "/bin/true")
        (tmp_path / unit).write_text(text.replace("User=listenable", "User=daemon"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if "listenable" in line]
    assert done.returncode == 0 and not complaints, done.stderr


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_the_units_call_commands_with_options_that_exist(name: str) -> None:
    called = re.search(r"/listenable (\w+) (.*)", (DEPLOY / name).read_text())
    assert called is not None
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        main([called[1], "--help"])
    options = re.findall(r"--[a-z-]+", called[2])
    assert options and not [option for option in options if option not in shown.getvalue()]


def read_caddyfile(buffers: str) -> str:
    """Return the Caddyfile as Caddy reads it: variables are replaced first."""
    text = (DEPLOY / "Caddyfile").read_text()
    assert re.findall(r"\{\$(\w+)", text) == ["SITE", "UPSTREAM", "BUFFERS"]
    text = text.replace("{$SITE}", "localhost").replace("{$UPSTREAM:127.0.0.1:8000}", "127.0.0.1:8000")
    return text.replace("{$BUFFERS}", buffers)


def test_caddy_gets_only_what_debians_release_knows() -> None:
    """Its releases name buffers differently, and refuse a file with a name that they do not know."""
    text = re.sub(r"#.*", "", read_caddyfile(""))
    words = [line.split()[0] for line in text.splitlines() if line.split()]
    assert set(words) == {"localhost", "request_body", "max_size", "reverse_proxy", "header_up", "}"}
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    lines = services["proxy"]["environment"]["BUFFERS"].splitlines()
    assert [line.split()[0] for line in lines] == ["request_buffers", "response_buffers"]


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
def test_caddy_accepts_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "Caddyfile").write_text(read_caddyfile(""))
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")],
        capture_output=True, text=True, check=False, env={"HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_no_proxy_compresses_what_has_a_token_in_it() -> None:
    """How long a packed answer is would tell a part of what is in it to whoever chooses the rest."""
    assert re.search(r"^    gzip off;", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE)
    assert "encode" not in read_caddyfile("")


def test_nginx_takes_no_export_that_breaks_off_for_a_whole_one() -> None:
    """In HTTP/1.0, which it speaks by itself, an answer of unknown length ends when its connection does."""
    assert re.search(r"^    proxy_http_version 1\.1;", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE)


@pytest.mark.skipif(
    shutil.which("nginx") is None or shutil.which("openssl") is None,
    reason="nginx or openssl is not installed",
)
def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=a.example",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {key};", text)
    text = re.sub(r"ssl_certificate /.*;", f"ssl_certificate {certificate};", text)
    text = text.replace("/var/log/nginx/", f"{tmp_path}/").replace("/var/lib/nginx/", f"{tmp_path}/")
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{text}\n}}\n")
    done = subprocess.run(
        ["nginx", "-t", "-c", str(whole), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


def test_the_configuration_in_the_docs_is_that_of_the_file() -> None:
    shown = re.search(
        r"```nginx\n(# Query strings.*?)```", (ROOT / "docs" / "server.md").read_text(), re.DOTALL
    )
    assert shown is not None
    differ = {"proxy_pass http://unix:/run/listenable.sock;"}
    lines = {line.strip() for line in shown[1].splitlines() if line.strip()} - differ
    assert lines <= {line.strip() for line in (DEPLOY / "nginx.conf").read_text().splitlines()}
