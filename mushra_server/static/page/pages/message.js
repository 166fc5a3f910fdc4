// A page with a single message: waiting, refused, failed; `link` leads on.

import { t } from "../i18n.js";
import { h } from "../ui/dom.js";

/**
 * @import { ApiError } from "../api.js"
 * @import { Shell } from "../ui/shell.js"
 */

/**
 * @param {Shell} shell
 * @param {{ title: string, text: string, detail?: string | null, busy?: boolean, link?: { href: string, text: string, target?: string } | null }} message
 */
export function showMessage(shell, { title, text, detail = null, busy = false, link = null }) {
  shell.showPlain(
    h(
      "section",
      { class: "card narrow message", role: busy ? "status" : "alert" },
      busy ? h("span", { class: "spinner", "aria-hidden": "true" }) : null,
      h("h1", { tabindex: "-1", text: title }),
      h("p", { text }),
      detail ? h("p", { class: "detail", lang: "en", text: sentence(detail) }) : null,
      link
        ? h("a", {
            class: "button primary",
            href: link.href,
            text: link.text,
            target: link.target ?? null,
          })
        : null,
    ),
  );
}

/**
 * The server's messages begin in lower case and have no full stop.
 *
 * @param {string} message
 */
function sentence(message) {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

/**
 * Say that this page cannot store anything, why, and how the session can be continued.
 *
 * @param {Shell} shell
 * @param {string} resume the address that continues it
 * @param {{ error?: ApiError, target?: string }} [options]
 */
export function showLost(shell, resume, { error, target } = {}) {
  const other = error?.reason === "other_session";
  showMessage(shell, {
    title: t(other ? "other_session_title" : "session_lost_title"),
    text: t(other ? "other_session_text" : "session_lost_text"),
    detail: other ? null : error?.message,
    link: { href: resume, text: t("continue_session"), target },
  });
}
