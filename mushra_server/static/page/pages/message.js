// A page that says one thing: waiting, refused, failed.

import { h } from "../ui/dom.js";

export function showMessage(shell, { title, text, busy = false }) {
  shell.showPlain(
    h(
      "section",
      { class: "card narrow message", role: busy ? "status" : "alert" },
      busy ? h("span", { class: "spinner", "aria-hidden": "true" }) : null,
      h("h1", { tabindex: "-1", text: title }),
      h("p", { text }),
    ),
  );
}
