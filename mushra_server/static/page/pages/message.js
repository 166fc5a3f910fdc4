// A page that says one thing: waiting, refused, failed; `link` {href, text, target} leads on.

import { h } from "../ui/dom.js";

/** @import { Shell } from "../ui/shell.js" */

/**
 * @param {Shell} shell
 * @param {{ title: string, text: string, busy?: boolean, link?: { href: string, text: string, target?: string } | null }} message
 */
export function showMessage(shell, { title, text, busy = false, link = null }) {
  shell.showPlain(
    h(
      "section",
      { class: "card narrow message", role: busy ? "status" : "alert" },
      busy ? h("span", { class: "spinner", "aria-hidden": "true" }) : null,
      h("h1", { tabindex: "-1", text: title }),
      h("p", { text }),
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
