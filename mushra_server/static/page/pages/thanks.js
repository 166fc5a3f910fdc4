// After the last answer was acknowledged: thanks, the completion code, and the link back to the recruiting platform.

import { t } from "../i18n.js";
import { h, icon } from "../ui/dom.js";
import { sanitize } from "../ui/sanitize.js";

/**
 * @import { SessionState } from "../types.js"
 * @import { Shell } from "../ui/shell.js"
 */

/**
 * @param {Shell} shell
 * @param {SessionState} state
 */
export function showThanks(shell, { completion, popup_content: words }) {
  const text = h("div", { class: "content" });
  text.append(
    words && !completion?.screened_out
      ? sanitize(words)
      : h("p", { text: t(completion?.screened_out ? "screened_out_text" : "thanks_text") }),
  );
  shell.showPlain(
    h(
      "section",
      { class: "card narrow message" },
      h("span", { class: "done-mark", "aria-hidden": "true" }, icon("check")),
      h("h1", { tabindex: "-1", text: t("thanks_title") }),
      text,
      completion?.code ? codeBox(completion.code) : null,
      completion?.redirect && safeLink(completion.redirect)
        ? h("a", {
            class: "button primary",
            href: completion.redirect,
            target: "_top", // if the study is in a frame, the platform must not open in it
            text: t("go_back_to_platform"),
          })
        : null,
      completion
        ? null
        : h("p", { class: "quiet-link" }, h("a", { href: "new", text: t("next_participant") })),
    ),
  );
}

/** @param {string} code */
function codeBox(code) {
  return h(
    "p",
    { class: "code-box" },
    h("span", { text: t("completion_code") }),
    h("strong", { class: "code", text: code }),
  );
}

/** @param {string} address */
function safeLink(address) {
  try {
    return ["http:", "https:"].includes(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}
