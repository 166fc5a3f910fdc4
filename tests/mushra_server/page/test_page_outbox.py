"""What waits on the device, when another tab, or another device, answers the same page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ANSWER_TWICE = """async () => {
    const { Outbox } = await import("/static/page/outbox.js");
    const other = document.body.appendChild(document.createElement("iframe")).contentWindow.localStorage;
    const pages = [{ id: "first" }, { id: "second" }, { id: "third" }];
    const entry = (index, attempt, id = pages[index].id) => ({ index, id, answer: { attempt } });
    const key = "listenable.outbox.first";
    const left = (box) => [...box.held(pages).values()].map((held) => held.answer.attempt).join();
    const store = async (...entries) => {
        const told = new Promise((done) => addEventListener("storage", done, { once: true }));
        if (entries.length) other.setItem(key, JSON.stringify(entries));
        else other.removeItem(key);
        await told;
    };

    globalThis.fetch = () => new Promise(() => {});
    const box = new Outbox(pages, { change() {}, refused() {}, lost() {} });
    box.add(0, "first", { attempt: "older" });
    box.add(1, "second", { attempt: "own" });
    const found = [left(box)];
    await store(entry(0, "forged", "of another study"), entry(1, "own"));
    found.push(left(box));
    await store(entry(0, "newer"), entry(1, "own"));
    found.push(left(box));
    await store(); // all of it was acknowledged there
    box.add(2, "third", { attempt: "last" });
    found.push(left(box), left(new Outbox(pages, { change() {}, refused() {}, lost() {} })));
    return found;
}"""

DRAFT_TWICE = """async () => {
    const { Outbox } = await import("/static/page/outbox.js");
    const other = document.body.appendChild(document.createElement("iframe")).contentWindow.localStorage;
    const pages = [{ id: "first" }, { id: "second" }];
    const entry = (index, attempt, id = pages[index].id) => ({ index, id, answer: { attempt } });
    const store = async (key, value) => {
        const told = new Promise((done) => addEventListener("storage", done, { once: true }));
        other.setItem(`listenable.${key}.first`, JSON.stringify(value));
        await told;
    };
    const sent = [];
    globalThis.fetch = async (path, { body }) => {
        if (path.endsWith("/draft")) sent.push(JSON.parse(body).attempt);
        return new Response("no connection", { status: 502 });
    };
    const leave = () => dispatchEvent(new Event("pagehide")); // sends a draft that waits
    const box = new Outbox(pages, { change() {}, refused() {}, lost() {} });

    box.draft(0, "first", { attempt: "older" });
    await store("draft", entry(0, "forged", "of another study"));
    await store("draft", entry(1, "of another page"));
    await store("draft", entry(0, "older")); // of another tab that was opened with it
    leave();
    await store("draft", entry(0, "newer"));
    leave();
    box.draft(0, "first", { attempt: "newest" });
    leave();
    await store("outbox", [entry(1, "a page"), entry(0, "newest")]);
    leave();
    await store("outbox", [entry(1, "a page"), entry(0, "finished there")]);
    leave();
    return sent;
}"""

WAIT = """async () => {
    const { Outbox } = await import("/static/page/outbox.js");
    const sent = [];
    globalThis.fetch = async (path, { body }) => {
        sent.push(JSON.parse(body));
        return new Response("no connection", { status: 502 });
    };
    let time = 1000;
    Date.now = () => time;
    const open = (id) => new Outbox([{ id }, { id: "last" }], { change() {}, refused() {}, lost() {} });
    await open("first").add(0, "first", { attempt: "page" });
    time += 60000;
    const reloaded = open("first");
    await reloaded.flush();
    reloaded.draft(1, "last", { attempt: "draft" });
    time += 500;
    dispatchEvent(new Event("pagehide"));
    await open("other").add(0, "other", { attempt: "of another session" });
    const devices = new Set(sent.map(({ device }) => device));
    return [sent.map(({ attempt, waited_ms }) => `${attempt} ${waited_ms}`), devices.size, sent[3].device];
}"""

IN_ORDER = """async () => {
    const { Outbox } = await import("/static/page/outbox.js");
    const sent = [];
    globalThis.fetch = async (path, { body }) => {
        sent.push(JSON.parse(body).given_at);
        return new Response("{}");
    };
    let time = 5000;
    Date.now = () => time;
    const pages = [{ id: "first" }, { id: "last" }];
    const open = () => new Outbox(pages, { change() {}, refused() {}, lost() {} });
    const [box, tab] = [open(), open()];
    await box.add(0, "first", { attempt: "one" });
    await tab.add(1, "last", { attempt: "two" });
    time = 1000; // set back
    await box.add(0, "first", { attempt: "three" });
    localStorage.setItem("listenable.given.first", '"forged"');
    time = 9000;
    await tab.add(0, "first", { attempt: "four" });
    localStorage.removeItem("listenable.given.first"); // as where nothing can be remembered
    time = 2000;
    await tab.add(0, "first", { attempt: "five" });
    return sent;
}"""

FORGED = """async () => {
    const { Outbox } = await import("/static/page/outbox.js");
    const sent = [];
    globalThis.fetch = async (path, { body }) => {
        sent.push(JSON.parse(body).page);
        return new Response("{}");
    };
    const answer = { attempt: "one", page: "of another session" };
    localStorage.setItem("listenable.outbox.first", JSON.stringify([{ index: 0, id: "first", answer }]));
    await new Outbox([{ id: "first" }], { change() {}, refused() {}, lost() {} }).flush();
    return sent;
}"""


@pytest.fixture
def tab(
    make_study: Callable[..., Path],
    serve: Callable[..., str],
    open_page: Callable[..., Any],
    pages: dict[str, Any],
) -> Any:
    """A browser's tab with a study, whose modules a script may import."""
    someone = open_page(serve(make_study([pages["generic"], pages["finish"]])))
    someone.at(1)
    return someone.tab


def test_a_newer_answer_of_another_tab_is_not_followed_by_the_older_one(tab: Any) -> None:
    assert tab.evaluate(ANSWER_TWICE) == ["older,own", "older,own", "own", "own,last", "last"]


def test_a_newer_draft_of_another_tab_is_not_followed_by_the_older_one(tab: Any) -> None:
    assert tab.evaluate(DRAFT_TWICE) == ["older", "newest", "newest"]


def test_what_is_given_later_has_a_later_time_in_every_tab_and_if_the_clock_is_set_back(tab: Any) -> None:
    assert tab.evaluate(IN_ORDER) == [5000, 5001, 5002, 9000, 9001]


def test_an_answer_says_how_long_it_waited_and_on_which_device(tab: Any) -> None:
    sent, devices, name = tab.evaluate(WAIT)
    assert sent == ["page 0", "page 60000", "draft 500", "of another session 0"]
    assert devices == 2 and len(name) == 36


def test_what_others_of_the_site_write_names_no_other_page(tab: Any) -> None:
    """The server would answer that this browser has another session, at each reload."""
    assert tab.evaluate(FORGED) == ["first"]
