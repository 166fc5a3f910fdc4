// The help sheet: keyboard, the link that continues a session elsewhere, and the switch for shortcuts.

import { t } from "../i18n.js";
import { fill, h, icon } from "./dom.js";
import { setShortcuts, shortcutsOn } from "./keys.js";

const RATING_KEYS = [
  [["1", "…", "9"], "key_sounds"],
  [["shift", "0", "…", "9"], "key_more_sounds"],
  [["0", "R"], "key_open"],
  [["space"], "key_toggle"],
  [["←", "→"], "key_neighbours"],
  [["↑", "↓"], "key_score"],
  [["shift", "↑", "↓"], "key_score_fast"],
  [["A", "B"], "key_loop"],
  [["shift", "A", "B"], "key_loop_reset"],
  [["?"], "key_help"],
];

const KEY_WORDS = new Set(["shift", "space"]);

export class Help {
  constructor(resume) {
    this.button = h(
      "button",
      {
        class: "button icon-only",
        type: "button",
        "aria-label": t("help"),
        title: `${t("help")} (?)`,
        on: { click: () => this.open() },
      },
      icon("keyboard"),
    );
    const title = h("h2", { id: "help-title", tabindex: "-1", autofocus: true, text: t("help") });
    this.dialog = h(
      "dialog",
      { class: "sheet", "aria-labelledby": "help-title" },
      title,
      this.#keys(),
      this.#switch(),
      this.#resume(resume),
      this.#close(),
    );
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    document.addEventListener("keydown", (event) => {
      const typing =
        event.target instanceof Element &&
        event.target.closest("input:not([type=range], [type=radio], [type=checkbox]), textarea");
      if (event.key === "?" && !typing && shortcutsOn()) this.toggle();
    });
  }

  open() {
    this.dialog.showModal();
  }

  toggle() {
    if (this.dialog.open) this.dialog.close();
    else this.open();
  }

  #keys() {
    const rows = RATING_KEYS.map(([keys, text]) =>
      h(
        "tr",
        {},
        h(
          "th",
          { scope: "row" },
          keys.map((key) => (key === "…" ? "… " : h("kbd", { text: KEY_WORDS.has(key) ? t(`name_${key}`) : key }))),
        ),
        h("td", { text: t(text) }),
      ),
    );
    return h("table", { class: "key-table" }, h("caption", { text: t("keyboard") }), h("tbody", {}, rows));
  }

  #switch() {
    const box = h("input", { type: "checkbox", on: { change: () => setShortcuts(box.checked) } });
    box.checked = shortcutsOn();
    return h("label", { class: "choice" }, box, h("span", { text: t("shortcuts_on") }));
  }

  #resume(resume) {
    if (!resume) return null;
    const field = h("input", {
      type: "text",
      readonly: true,
      id: "resume-link",
      value: new URL(resume, document.baseURI).href,
    });
    const copy = h("button", {
      class: "button",
      type: "button",
      text: t("copy"),
      on: { click: () => this.#copy(field, copy) },
    });
    return h(
      "div",
      { class: "resume" },
      h("label", { for: "resume-link", text: t("resume_label") }),
      h("div", { class: "copy-row" }, field, copy),
    );
  }

  async #copy(field, button) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value); // only over https
    } catch {
      document.execCommand("copy");
    }
    fill(button, t("copied"));
  }

  #close() {
    return h("button", {
      class: "button primary",
      type: "button",
      text: t("close"),
      on: { click: () => this.dialog.close() },
    });
  }
}
