// Start: find or open the session, choose the language, show the page at which the participant is.

import { ApiError, keepsCookie, openSession } from "./api.js";
import { setLanguage, t } from "./i18n.js";
import { loadPageTypes } from "./pages/index.js";
import { Session } from "./session.js";
import { startNonce } from "./start.js";
import { present } from "./present.js";
import { fill, h } from "./ui/dom.js";
import { Shell } from "./ui/shell.js";
import { showMessage } from "./pages/message.js";

/** @import { SessionState } from "./types.js" */

const DOORS = /** @type {const} */ (["closed", "full", "already"]); // why the server starts no session
const RETRY_DELAYS = [1, 2, 4, 8, 15]; // seconds

/**
 * @param {Shell} shell
 * @returns {Promise<SessionState>}
 */
async function open(shell) {
  const parameters = Object.fromEntries(new URLSearchParams(location.search));
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await openSession(parameters, startNonce());
    } catch (error) {
      if (!(error instanceof ApiError) || error.lost || error.refused || error.crowded) throw error;
      showMessage(shell, { title: t("connecting_title"), text: t("connecting_text"), busy: true });
      const delay = RETRY_DELAYS[Math.min(attempt, RETRY_DELAYS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, 1000 * delay));
    }
  }
}

/**
 * @param {Shell} shell
 * @param {ApiError} error
 */
function refuse(shell, error) {
  const known = DOORS.find((door) => door === error.reason);
  const title = t(known ? `refused_${known}_title` : "refused_title");
  const text = known ? t(`refused_${known}_text`) : error.message;
  // Only the server's own sentence says which id has taken part, and how to resume an unfinished session.
  showMessage(shell, {
    title,
    text: error.reason === "already" ? `${text} (${error.message})` : text,
  });
}

async function main() {
  const shell = new Shell(present(document.getElementById("app")));
  await setLanguage(navigator.language);
  try {
    const state = await open(shell);
    await setLanguage(state.study.language || "en");
    if (window.top !== window && !(await keepsCookie())) {
      showMessage(shell, {
        title: t("session_lost_title"),
        text: t("session_lost_text"),
        link: { href: state.resume_url, text: t("continue_session"), target: "_blank" },
      });
      return;
    }
    const session = new Session(state, shell, await loadPageTypes(state.pages), loadPageTypes);
    if (state.preview) (await import("./preview.js")).followRibbon(session);
    session.start();
  } catch (error) {
    if (error instanceof ApiError) {
      refuse(shell, error);
      return;
    }
    fill(shell.main, h("p", { class: "card", role: "alert", text: t("broken") }));
    throw error;
  }
}

main();
