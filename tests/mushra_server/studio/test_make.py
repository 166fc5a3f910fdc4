"""Making a study in the studio: uploads, how they are read, choices, building, two who edit at once."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import yaml
from werkzeug.datastructures import FileStorage

from mushra_server.errors import Refusal
from mushra_server.many import ManyStudies
from mushra_server.studio import uploads
from mushra_server.studio.app import studio_of
from mushra_server.studio.choice_fields import choices_yaml, question_rows, read_form
from mushra_server.studio.planning import minutes_per_listener
from mushra_server.studio.uploads import store_sounds
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.config import StudyConfig
from tests.mushra_server.studio.conftest import Browser, wait_for

CONDITIONS = ("reference", "codec-a", "codec-b")


def tone(seconds: float = 0.6, hz: float = 440.0, rate: int = 16000) -> bytes:
    written = io.BytesIO()
    time = np.arange(round(rate * seconds)) / rate
    sf.write(written, (0.2 * np.sin(2 * np.pi * hz * time)).astype("float32"), rate, format="WAV")
    return written.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return written.getvalue()


def sounds(items: int = 2, top: str = "my sounds/") -> dict[str, bytes]:
    return {
        f"{top}item{number}/{name}.wav": tone(hz=200.0 + 90 * number + 7 * place)
        for number in range(items)
        for place, name in enumerate(CONDITIONS)
    }


def send(name: str, content: bytes) -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


@pytest.fixture
def study(studio: ManyStudies, admin: Browser) -> str:
    """A draft with two items of three conditions."""
    admin.post("/studies", title="Codecs")
    packed = archive(sounds())
    answer = admin.post("/studies/codecs/sounds", files=(io.BytesIO(packed), "sounds.zip"))
    assert answer.status_code == 302, answer.text
    wait_for(studio, "codecs", "measure")
    return "codecs"


def version(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_an_upload_is_read_at_once(admin: Browser, study: str) -> None:
    page = admin.get(f"/studies/{study}/make").text
    assert "6 sounds of 0.6 to 0.6 s" in page
    assert "item0, item1" in page
    assert "codec-a, codec-b, reference" in page
    assert "LUFS" in page.split("</section>")[0]
    assert "loudness not measured" not in page


def test_a_folder_comes_file_by_file_with_its_paths(tmp_path: Path) -> None:
    found = store_sounds([send(name, content) for name, content in sounds(1).items()], tmp_path / "sounds")
    assert found.sounds == 3
    assert sorted(path.relative_to(tmp_path / "sounds").as_posix() for path in tmp_path.rglob("*.wav")) == [
        f"item0/{name}.wav" for name in sorted(CONDITIONS)
    ]


@pytest.mark.parametrize(
    "name", ["../out.wav", "/etc/out.wav", "a/../../out.wav", "c:/out.wav", r"a\..\..\b.wav"]
)
def test_a_path_that_leaves_the_upload_is_refused(tmp_path: Path, name: str) -> None:
    for files in ([send("a.zip", archive({name: tone()}))], [send(name, tone())]):
        with pytest.raises(Refusal, match="expected one within its folder"):
            store_sounds(files, tmp_path / "drafts" / "sounds")
    assert not list(tmp_path.rglob("*.wav"))
    assert list((tmp_path / "drafts").iterdir()) == []


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        link = zipfile.ZipInfo("item0/link.wav")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("item0/reference.wav", tone())
    assert store_sounds([send("a.zip", written.getvalue())], tmp_path / "sounds").sounds == 1
    assert not (tmp_path / "sounds" / "item0" / "link.wav").exists()


def test_what_is_no_sound_is_left_out_whatever_its_name_says(tmp_path: Path) -> None:
    files = {
        **sounds(1, ""),
        "item0/page.wav": b"<script>alert(1)</script>",
        "notes.txt": b"x",
        ".DS_Store": b"x",
    }
    found = store_sounds([send("a.zip", archive(files))], tmp_path / "sounds")
    assert (found.sounds, sorted(found.left_out)) == (3, ["item0/page.wav", "notes.txt"])


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UNPACKED_BYTES", 3 * 1024**2)
    bomb = archive({"item/reference.wav": bytes(4 * 1024**2)})
    assert len(bomb) < 10_000
    with pytest.raises(Refusal, match="the upload unpacks to more than"):
        store_sounds([send("bomb.zip", bomb)], tmp_path / "sounds")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    packed = bytearray(archive({"item/reference.wav": tone()}))
    at = packed.index(b"PK\x01\x02")
    packed[at + 16 : at + 20] = struct.pack("<I", 1)  # the checksum
    with pytest.raises(Refusal, match="the archive cannot be read"):
        store_sounds([send("a.zip", bytes(packed))], tmp_path / "sounds")


def test_an_ambiguous_folder_is_shown_in_both_readings(admin: Browser) -> None:
    admin.post("/studies", title="Ambiguous")
    files = {f"{a}/{b}.wav": tone() for a in ("x", "y") for b in ("one", "two")}
    admin.post("/studies/ambiguous/sounds", files=(io.BytesIO(archive(files)), "a.zip"))
    page = admin.get("/studies/ambiguous/make").text
    assert "Read as item/condition" in page
    assert "Read as condition/item" in page
    assert "say which with --layout" in page


def test_missing_sounds_are_named(admin: Browser) -> None:
    admin.post("/studies", title="Gaps")
    files = sounds(2, "")
    del files["item1/codec-b.wav"]
    admin.post("/studies/gaps/sounds", files=(io.BytesIO(archive(files)), "a.zip"))
    assert '<dd class="bad">item1/codec-b</dd>' in admin.get("/studies/gaps/make").text


def form(**changed: object) -> dict[str, object]:
    """A whole form with the defaults that a browser sends for what nobody changed."""
    from mushra_server.studio.choice_fields import GROUPS, show_value

    fields = [field for group in GROUPS.values() for field in group]
    sent: dict[str, object] = {field.name: show_value(field, {}) for field in fields}
    for number, row in enumerate(question_rows({})):
        sent |= {f"q-{number}-{key}": value for key, value in row.items()}
    return {**sent, **changed}


def test_a_form_that_nobody_changed_chooses_nothing() -> None:
    assert read_form({name: str(value) for name, value in form().items()}) == {}


def test_the_file_of_choices_builds_the_same_study(
    studio: ManyStudies, admin: Browser, study: str, tmp_path: Path
) -> None:
    sent = form(
        title="Codecs", test="ab", ties="yes", target_lufs="", language="de", **{"completion.code": "C1"}
    )
    page = admin.get(f"/studies/{study}/make").text
    assert admin.post(f"/studies/{study}/make", version=version(page), **sent).status_code == 302
    written = admin.get(f"/studies/{study}/choices.yaml").text
    assert yaml.safe_load(written) == {
        "title": "Codecs", "test_id": "codecs", "test": "ab", "ties": True, "language": "de",
        "target_lufs": None, "completion": {"code": "C1"},
    }  # fmt: skip
    assert admin.post(f"/studies/{study}/build").status_code == 302
    assert wait_for(studio, study, "build").state == "done"
    (tmp_path / "choices.yaml").write_text(written, "utf-8")
    draft = studio_of(studio).studies.draft(study) / "sounds"
    by_hand = build_study(draft, tmp_path / "by-hand", Choices.load(tmp_path / "choices.yaml"))
    built = StudyConfig.load(studio.folder / study)
    assert built.pages == by_hand.config.pages
    assert built.options.files == by_hand.config.options.files
    assert "The study is built" in admin.get(f"/studies/{study}/build").text


def test_a_wrong_choice_is_shown_at_its_field(admin: Browser, study: str) -> None:
    admin.post(f"/studies/{study}/make", version=0, **form(title="Codecs", items_per_session=9))
    page = admin.get(f"/studies/{study}/make").text
    assert re.search('id="error-items_per_session">items_per_session is 9; expected at most 2', page)
    assert admin.post(f"/studies/{study}/build").status_code == 400
    admin.post(f"/studies/{study}/make", version=1, **form(title="Codecs", sample_rate="fast"))
    assert 'id="error-sample_rate"' in admin.get(f"/studies/{study}/make").text


def test_checks_are_shown_at_their_fields(admin: Browser, study: str) -> None:
    admin.post(f"/studies/{study}/make", version=0, **form(title="Codecs", training_items="0"))
    field = (
        admin.get(f"/studies/{study}/make").text.split('name="training_items"')[1].split('class="field')[0]
    )
    assert "Warning: " in field
    assert "BS.1534-3" in field


def test_two_who_edit_at_once_lose_nothing(admin: Browser, study: str) -> None:
    page = admin.get(f"/studies/{study}/make").text
    assert (
        admin.post(f"/studies/{study}/make", version=version(page), **form(title="Theirs")).status_code == 302
    )
    answer = admin.post(f"/studies/{study}/make", version=version(page), **form(title="Mine", repeats="1"))
    assert answer.status_code == 409
    assert '<td class="text">Theirs</td><td class="text">Mine</td>' in answer.text
    assert 'name="repeats" value="1"' in answer.text
    assert 'value="Theirs"' in admin.get(f"/studies/{study}/make").text
    again = admin.post(
        f"/studies/{study}/make", version=version(answer.text), **form(title="Mine", repeats="1")
    )
    assert again.status_code == 302
    assert 'value="Mine"' in admin.get(f"/studies/{study}/make").text


def test_questions_are_added_moved_and_removed(admin: Browser, study: str) -> None:
    url = f"/studies/{study}/make"
    admin.post(url, version=0, questions="add", **form(title="Codecs"))
    rows = len(question_rows({}))
    page = admin.get(url).text
    assert f'name="q-{rows}-name" value="question{rows + 1}"' in page
    admin.post(url, version=1, questions="up 1", **form(title="Codecs"))
    assert 'name="q-0-name" value="device"' in admin.get(url).text
    admin.post(url, version=2, questions="remove 0", **form(title="Codecs"))
    assert 'value="age"' not in admin.get(url).text


def test_a_cancelled_building_leaves_nothing(studio: ManyStudies, admin: Browser, study: str) -> None:
    before = sorted(path.name for path in studio.folder.iterdir())
    admin.post(f"/studies/{study}/build")
    admin.post(f"/studies/{study}/build/cancel")
    if studio_of(studio).jobs.look(study, "build").state == "cancelled":
        assert sorted(path.name for path in studio.folder.iterdir()) == before
        assert "nothing of it is left" in admin.get(f"/studies/{study}/build").text


def test_minutes_are_those_of_the_pages(tmp_path: Path) -> None:
    for name, content in sounds(2, "").items():
        (tmp_path / "sounds" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sounds" / name).write_bytes(content)
    built = build_study(
        tmp_path / "sounds", tmp_path / "study", Choices(test="acr", training_items=0, anchors=())
    )
    # Two items of three conditions, one at a time, heard twice (10 s each) and answered in 5 s; consent,
    # volume, instructions and the last page with its five questions.
    assert minutes_per_listener(built.config, 10.0) == pytest.approx((6 * 25 + 4 * 30 + 5 * 5) / 60)


def test_choices_are_written_in_their_order() -> None:
    assert choices_yaml({"title": "Größe", "repeats": 1}).endswith("title: Größe\nrepeats: 1\n")
