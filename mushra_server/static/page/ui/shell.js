// The frame around every page: title, progress, connection, help, and the way forwards and back.

import { t } from "../i18n.js";
import { present } from "../present.js";
import { fill, h, icon } from "./dom.js";
import { Help } from "./help.js";
import { sanitize } from "./sanitize.js";

/**
 * @import { TextKey } from "../i18n.js"
 * @import { LabParts } from "../lab.js"
 * @import { Page, StudySettings } from "../types.js"
 * @import { Place } from "../progress.js"
 */

/**
 * @typedef {object} Parts
 * @property {HTMLElement} progress
 * @property {HTMLProgressElement} bar
 * @property {HTMLElement} connection
 * @property {HTMLElement} hint
 * @property {HTMLElement} previous
 * @property {HTMLButtonElement} next
 * @property {HTMLElement} nextLabel
 */

export class Shell {
  #root;
  /** @type {Parts | null} */
  #parts = null;
  #title = "";
  /** @type {string | null} */
  #missing = null; // what the hint says is missing since *Next* was pressed; it follows the page until nothing is missing

  /** @param {Element} root */
  constructor(root) {
    this.#root = root;
    /** @type {LabParts | null} */
    this.lab = null;
    this.main = h("main", { id: "main", tabindex: "-1" });
    fill(root, this.main);
  }

  /**
   * Build the frame, in the study's language.
   *
   * @param {StudySettings} study
   * @param {{ resume: string, onNext: () => void, onPrevious: () => void }} session
   */
  begin(study, { resume, onNext, onPrevious }) {
    this.#title = study.title || t("listening_test");
    this.lab?.useColours();
    this.help = new Help(resume, this.lab?.contact());
    const next = h("span");
    this.#parts = {
      progress: h("p", { class: "progress-text" }),
      bar: h("progress", { class: "progress-bar", max: 1, value: 0, "aria-label": t("progress") }),
      connection: h("p", { class: "connection", role: "status" }),
      hint: h("p", { class: "hint", id: "hint", role: "status" }),
      previous: h(
        "button",
        { class: "button quiet", type: "button", on: { click: onPrevious } },
        icon("left"),
        h("span", { text: t("previous") }),
      ),
      next: h(
        "button",
        {
          class: "button primary",
          type: "button",
          "aria-describedby": "hint",
          on: { click: onNext },
        },
        next,
        icon("right"),
      ),
      nextLabel: next,
    };
    const { progress, bar, connection, hint, previous, next: forward } = present(this.#parts);
    this.footer = h(
      "footer",
      { class: "foot" },
      h("div", { class: "foot-inner" }, previous, hint, forward),
    );
    fill(
      this.#root,
      h("a", { class: "skip", href: "#main", text: t("skip_to_content") }),
      h(
        "header",
        { class: "head" },
        h(
          "div",
          { class: "head-inner" },
          this.lab?.logo(),
          h("p", { class: "study", text: this.#title }),
          connection,
          progress,
          this.help.button,
        ),
        bar,
      ),
      this.main,
      this.footer,
      this.help.dialog,
    );
    document.title = this.#title;
  }

  /**
   * Show a page's title, the author's text and the page itself.
   *
   * @param {Page} page
   * @param {HTMLElement} element
   * @param {Place} place
   */
  showPage(page, element, { index, count, more, trial, trials, minutes }) {
    const { progress, bar } = present(this.#parts);
    const where = more
      ? t("page_number", { page: index + 1 })
      : trial
        ? t("trial_of", { n: trial, count: trials })
        : t("page_of", { page: index + 1, pages: count });
    progress.dataset.page = String(index + 1);
    fill(
      progress,
      h("span", { text: where }),
      minutes ? h("span", { class: "time-left", text: t("time_left", { minutes }) }) : null,
    );
    bar.value = count > 1 ? index / (count - 1) : 1;
    bar.hidden = more;
    document.title = `${where} · ${this.#title}`;
    const training =
      page.kind === "training" ? h("p", { class: "badge", text: t("training_badge") }) : null;
    this.heading = h("h1", {
      tabindex: "-1",
      text: page.title || titleOf(page) || where,
    });
    const content = h("div", { class: "content" });
    content.append(sanitize(page.content));
    if ("stimuli" in page) markQuestion(content);
    const intro = h(
      "div",
      { class: "intro" },
      h("div", { class: "intro-title" }, this.heading, training),
      content,
    );
    fill(this.main, h("article", { class: "card", data: { type: page.type } }, intro, element));
    present(this.footer).hidden = false;
    this.showHint("");
    window.scrollTo(0, 0);
    this.heading.focus({ preventScroll: true });
  }

  /**
   * Show something other than a page of the study: thanks, errors, waiting.
   *
   * @param {HTMLElement} element
   */
  showPlain(element) {
    this.footer?.setAttribute("hidden", "");
    if (this.#parts) this.#parts.progress.textContent = "";
    fill(this.main, element, this.lab?.contact());
    window.scrollTo(0, 0);
    element.querySelector("h1")?.focus({ preventScroll: true });
  }

  focusHeading() {
    this.heading?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  /**
   * @param {object} state
   * @param {string} state.next the text of the button
   * @param {boolean} state.canGoBack
   * @param {boolean} state.ready
   * @param {string | null} state.problem what keeps the page from being left
   */
  showControls({ next, canGoBack, ready, problem }) {
    const { previous, next: button, nextLabel } = present(this.#parts);
    nextLabel.textContent = next;
    previous.hidden = !canGoBack;
    button.disabled = !ready;
    button.classList.toggle("waiting", ready && problem !== null);
    if (this.#missing === null || this.#missing === problem) return;
    this.#missing = problem;
    this.#write(problem ?? "", "off"); // not read out each time: the listener is listening to something else
  }

  /**
   * Show a hint in the footer; empty text removes it.
   *
   * @param {string} text
   */
  showHint(text) {
    this.#missing = null;
    this.#write(text, "polite");
  }

  /**
   * Show in the footer what keeps the page from being left, and keep that up to date.
   *
   * @param {string} text
   */
  showMissing(text) {
    this.showHint(text);
    this.#missing = text;
  }

  /**
   * @param {string} text
   * @param {"polite" | "off"} live
   */
  #write(text, live) {
    const { hint } = present(this.#parts);
    hint.setAttribute("aria-live", live);
    fill(hint, ...(text ? [icon("alert"), h("span", { text })] : []));
  }

  /**
   * Show whether answers are still on their way.
   *
   * @param {number} unsent
   * @param {boolean} offline
   */
  showConnection(unsent, offline) {
    const { connection } = this.#parts ?? {};
    if (!connection) return;
    connection.classList.toggle("offline", offline);
    fill(
      connection,
      offline ? icon("alert") : null,
      h("span", { text: offline ? t("offline", { pages: unsent }) : "" }),
    );
  }
}

/** @type {Partial<Record<Page["type"], TextKey>>} */
const TITLES = {
  headphone_check: "headphones_title",
  hearing_check: "hearing_title",
  environment_check: "environment_title",
};

/**
 * The title of a page that is in no config, and so has none of its own.
 *
 * @param {Page} page
 */
function titleOf(page) {
  const key = TITLES[page.type];
  return key ? t(key) : "";
}

/**
 * Mark what a listener looks for: the last paragraph, if it is a question.
 *
 * @param {HTMLElement} content
 */
function markQuestion(content) {
  const last = [...content.querySelectorAll("p")].at(-1) ?? content;
  if (/[?？]\s*$/.test(last.textContent ?? "")) last.classList.add("question-asked");
}
