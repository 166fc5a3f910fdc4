"""Every command that README and docs show is run, in order and as it is written, or stands in the list below.

A block is read line by line. `PREPARED` says what a reader would have at hand before a page's commands,
`ADDED` what is added to a command so that it ends in seconds; a server is started, asked for its page and
stopped.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from benchmarks.loading.ports import find_free_port
from tests.servers import hears_ctrl_c
from tests.warm import run_listenable, run_script

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELLS = ("console", "bash", "sh")

_OWN = "tests/test_any_classifier.py goes this way with other networks"
_TEXTS = "tests/interpreter/explainers/test_lmac_zs.py goes this way in Python"
SET_UP = "as root, on another machine: tests/test_deploy.py checks the files"
NOT_RUN = {
    "listenable study build bitrates --test abx --against reference --conditions q1,q2,q3,q4,q5,q6 "
    "--adaptive 2-down-1-up --out threshold": "a series of graded sounds, as in test_listening_tests.py",
    **dict.fromkeys(
        (
            "apt-get install python3-venv caddy",
            "python3 -m venv /opt/listenable",
            "/opt/listenable/bin/pip install --constraint /opt/source/constraints.txt /opt/source",
            "useradd --system --no-create-home listenable",
            "mkdir --mode 700 /srv/backup",
            "chown -R listenable /srv/study /srv/backup",
            "cp /opt/source/deploy/*.service /opt/source/deploy/*.timer /etc/systemd/system/",
            "sed -i s/listening.example.org/YOUR.HOST.NAME/ /etc/systemd/system/listenable.service",
            "sed s/{\\$SITE}/YOUR.HOST.NAME/ /opt/source/deploy/Caddyfile > /etc/caddy/Caddyfile",
            "systemctl daemon-reload",
            "systemctl enable --now listenable listenable-backup.timer",
            "systemctl reload caddy",
            "journalctl -u listenable",
            "export STUDY=/srv/study SITE=YOUR.HOST.NAME POSTGRES_PASSWORD=...",
            "docker compose -f deploy/compose.yaml run --rm study listenable serve /srv/study --database "
            '"postgresql://listenable:$POSTGRES_PASSWORD@database/study" --port 0',
            "docker compose -f deploy/compose.yaml up --build --detach",
            "docker compose -f deploy/compose.yaml exec database pg_dump --username listenable study "
            "> ratings.sql",
        ),
        SET_UP,
    ),
    "listenable explain dog.wav --classifier my_networks:make --method gradcam --out heard": _OWN,
    "listenable train lmac --classifier my_networks:make --data sounds --out runs/lmac": _OWN,
    "listenable evaluate --classifier my_networks:make --run runs/lmac --method gradcam "
    "--data sounds --out scores.csv": _OWN,
    "listenable render --classifier my_networks:make --run runs/lmac --method gradcam "
    "--data sounds --out my_stimuli": _OWN,
    "listenable study build my_stimuli --out my_study_of_it": _OWN,
    "listenable explain dog.wav --classifier hf:MIT/ast-finetuned-audioset-10-10-0.4593 "
    "--method gradcam --out heard": _OWN,
    "listenable explain dog.wav --classifier my_networks:make --method occlusion --out heard": _OWN,
    "listenable train lmac-zs --classifier runs/zero-shot --data sounds --out runs/lmac-zs": _TEXTS,
    'listenable explain dog.wav --run runs/lmac-zs --target "a dog barking" --out heard': _TEXTS,
    "listenable studio lab_studies": "tests/mushra_server/studio starts it",
    "python examples/lab_study/make_recordings.py recordings": "below, before the page",
    "make demo": "the demo: tests/test_demo.py runs it",
    "make test": "these tests",
    "make mutate MODULE=stimuli.loudness N=20": "minutes; tests/test_mutations.py tests the tool",
    "make mutate": "hours",
    "LISTENABLE_FUZZ_EXAMPLES=6000 python -m pytest tests/fuzz/test_files.py": "minutes; the tests run fewer",
    "LISTENABLE_FUZZ_EXAMPLES=2000 python -m pytest tests/fuzz/test_requests.py": "minutes",
    "LISTENABLE_FUZZ_EXAMPLES=1000 python -m pytest tests/fuzz/test_readers.py tests/fuzz/test_pages.py "
    "tests/fuzz/test_studio.py": "minutes",
    "pip install .": "tests/test_packaging.py installs it",
    "python examples/paper_tables.py --data esc10 --out tables --speech speech": "needs ESC-10; hours",
    "listenable train classifier --data esc50 --noise noise --preset small --set epochs=24 "
    "--out esc50-runs/classifier": "needs ESC-50; hours",
    "listenable train lmac-td --classifier esc50-runs/classifier --data esc50 --noise noise --preset small "
    "--set epochs=8 "
    "--out esc50-runs/lmac-td": "needs ESC-50; hours",
    "listenable train lmac --classifier esc50-runs/classifier --data esc50 --noise noise --preset small "
    "--set epochs=8 "
    "--out esc50-runs/lmac": "needs ESC-50; hours",
    "listenable train nmf --classifier esc50-runs/classifier --data esc50 --noise noise --preset small "
    "--out esc50-runs/nmf": "needs ESC-50; hours",
    "listenable train l2i --classifier esc50-runs/classifier --start esc50-runs/nmf --data esc50 "
    "--noise noise --preset small --set epochs=8 --out esc50-runs/l2i": "needs ESC-50; hours",
    "listenable evaluate --run esc50-runs/lmac-td --run esc50-runs/lmac --run esc50-runs/l2i "
    "--method gradcam --method saliency --data esc50 --noise noise --setting id "
    "--out esc50-runs/id.csv": "needs ESC-50; hours",
    "listenable demo --out demo --no-serve": "tests/test_demo.py runs it",
    "python examples/paper_tables.py --data esc10 --out tables --explainers lmac-td-0.75 lmac "
    "--settings id white-noise": "so",
    "listenable train classifier --data esc50 --preset paper --noise wham_noise --devices 4 "
    "--out runs/paper": "four GPUs",
    "listenable import Cnn14_16k_mAP=0.438.pth --kind cnn14 --out runs/start": "a download; "
    "tests/interpreter/runs/test_pretrained.py imports a stand-in",
    "python examples/paper_tables.py --data ESC-50 --out paper --preset paper --noise wham_noise "
    "--speech LJSpeech-1.1 --start runs/start --device cuda": "a GPU; tests/test_reproduction.py runs it",
    "python examples/paper_tables.py --data ESC-50 --out paper --preset paper --noise wham_noise "
    "--speech LJSpeech-1.1 --start runs/start --device cuda --devices 4": "four GPUs; so",
    "torchrun --nproc-per-node 4 -m listenable train classifier --data ESC-50 --preset paper "
    "--noise wham_noise --out runs/classifier --set batch_size=32": "four GPUs; so",
    "torchrun --nproc-per-node 4 -m listenable train lmac-td --classifier runs/classifier --data ESC-50 "
    "--preset paper --noise wham_noise --out runs/lmac-td --set batch_size=4": "four GPUs; so",
    "sbatch train.sbatch": "a cluster; so",
    "listenable serve my_study --database postgresql://listenable@/study": "PostgreSQL: tests/mushra_server",
    'pip install "listenable[postgresql]" gunicorn': "a download",
    "createdb study": "PostgreSQL",
    'listenable serve /srv/study --database "$LISTENABLE_DATABASE" --port 0': "PostgreSQL",
    "gunicorn --workers 4 --threads 16 --bind unix:/run/listenable.sock 'mushra_server.wsgi:make_app()'": "",
    "install --directory --mode 2750 --owner listenable --group www-data /var/lib/listenable/sounds": "root",
    "export LISTENABLE_SENDFILE=/var/lib/listenable/sounds": "a folder of root's",
    "gunicorn --workers 4 --threads 16 --backlog 4096 --worker-connections 4000 --bind 127.0.0.1:8000 "
    "'mushra_server.wsgi:make_app()'": "benchmarks/workers.py",
    "listenable forget STUDY --participant ID": "a pattern; docs/server.md has the command",
    "listenable forget my_study --participant 5f3a... --ratings": "somebody's: tests/mushra_server",
    "listenable render --run runs/lmac-td --run runs/lmac --method gradcam --data ESC-50 --fold 4 --items 9 "
    "--out stimuli": "ESC-50 is a download; README's is run",
    "listenable study build stimuli --out study": "of those stimuli",
    "jq -j '.refused[0].body' DIR/ratings.json | curl --data-binary @- "
    "http://127.0.0.1:8000/service/write.php": "refused posts: test_refused_posts.py",
    "export LISTENABLE_STUDY=/srv/study LISTENABLE_DATABASE=postgresql://listenable@/study "
    "LISTENABLE_BEHIND_PROXY=1": "PostgreSQL",
}  # fmt: skip
ADDED = {
    "listenable data soundscapes": ["--seconds", "1", "--clips", "10"],
    "listenable train": ["--set", "epochs=1", "--set", "steps_per_epoch=4"],
    "listenable evaluate": ["--limit", "4"],
    "listenable study simulate": ["--listeners", "6"],
}
SOUNDS = [sys.executable, str(ROOT / "examples" / "lab_study" / "make_recordings.py")]
LISTENABLE = [sys.executable, "-m", "listenable"]
PAIRS = """
rows = [f"p{p},item {i},old,new,{int((p + i) % 5 == 0)}" for p in range(19) for i in range(6)]
print("\\n".join(["listener,item,first,second,choice", *rows]), file=open("pairs.csv", "w"))
"""
POINTS = """
keys = [(s, i, c) for s in range(5) for i in range(4) for c in range(3)]
rows = [f"s{s},song {i},system {c},{20 * c + 3 * s + i}" for s, i, c in keys]
print("\\n".join(["subject,song,system,points", *rows]), file=open("results.csv", "w"))
"""
PREPARED = {
    "analysis.md": [[sys.executable, "-c", PAIRS]],
    "README.md": [[*SOUNDS, "my_sounds"]],
    "migrate.md": [[sys.executable, "-c", POINTS]],
    "server.md": [[*SOUNDS, "s"], [*LISTENABLE, "study", "build", "s", "--out", "my_study"]],
    "tutorial.md": [[*SOUNDS, "recordings"]],
    "study.md": [[*SOUNDS, "recordings"], [*SOUNDS, "SOUNDS"]],
}
RATED = "listenable study simulate my_study --listeners 6"
BEFORE = {
    "listenable analyze my_study --out report": RATED,
    "listenable export my_study --format csv --out DIR": RATED,
}
BUILT_AGAIN = {'listenable study build recordings --out study --title "Noise reduction" --seed 1': "study"}


def commands(page: Path) -> list[str]:
    """Return the commands of a page: lines of shell blocks, and those of any block that call listenable."""
    found = []
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        for raw in block.replace("\\\n", " ").splitlines():
            line = re.sub(r"\s+#.*$", "", raw.strip().removeprefix("$ ")).strip()
            if line.startswith("listenable ") or (language in SHELLS and line and not line.startswith("#")):
                found.append(line)
    return found


def run(words: list[str], folder: Path, *, figures: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    if words[:3] == LISTENABLE:
        # README's last report is drawn, and the demo's; the others would be the same again.
        return run_listenable(words[3:], folder, environment, figures=figures)
    assert words[0] == sys.executable, words
    if words[1].endswith(".py"):
        return run_script(Path(words[1]), words[2:], folder, environment)
    environment = {**os.environ, **environment}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def serve(words: list[str], folder: Path) -> None:
    """Start a server on a free port, get its page, stop it as Ctrl-C does."""
    port = find_free_port()
    process = subprocess.Popen(
        [*words, "--port", str(port)], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=hears_ctrl_c,
    )  # fmt: skip
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                assert process.poll() is None, process.communicate()[0]
                time.sleep(0.1)
        else:
            pytest.fail(f"{shlex.join(words)} did not answer within 30 s")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            output = process.communicate(timeout=30)[0]
        finally:
            process.kill()
    assert process.returncode == 0, output


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_commands(page: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for words in PREPARED.get(page.name, []):
        done = run(words, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    for line in commands(page):
        if line in NOT_RUN:
            continue
        words = shlex.split(line)
        full = [*LISTENABLE, *words[1:]]
        for start, added in ADDED.items():
            full += added if line.startswith(start + " ") else []
        if line in BEFORE:
            assert run([*LISTENABLE, *shlex.split(BEFORE[line])[1:]], tmp_path).returncode == 0
        if line in BUILT_AGAIN:
            shutil.rmtree(tmp_path / BUILT_AGAIN[line])
        if words[1] == "serve":
            serve(full, tmp_path)
            continue
        done = run(full, tmp_path, figures=page.name == "README.md" and "--style" in words)
        # A check that ends with warnings has exit code 1.
        allowed = (0, 1) if words[1:3] == ["study", "check"] else (0,)
        assert done.returncode in allowed, f"{page.name}: {line}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_what_is_run_is_ours(page: Path) -> None:
    others = [line for line in commands(page) if line not in NOT_RUN and shlex.split(line)[0] != "listenable"]
    assert not others, f"{page.name}: run these, or say in NOT_RUN why not"


def test_what_is_not_run_is_still_shown() -> None:
    shown = {line for page in PAGES for line in commands(page)}
    assert set(NOT_RUN) <= shown
    assert len(shown - set(NOT_RUN)) >= 15
