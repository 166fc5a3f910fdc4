// Start: find or open the session, choose the language, show the page at which the participant is.

import { ApiError, keepsCookie, openSession } from "./api.js";
import { setLanguage, t } from "./i18n.js";
import { loadPageTypes } from "./pages/index.js";
import { showLost, showMessage } from "./pages/message.js";
import { present } from "./present.js";
import { retry } from "./retry.js";
import { Session } from "./session.js";
import { startNonce } from "./start.js";
import { fill, h } from "./ui/dom.js";
import { Shell } from "./ui/shell.js";

/** @import { SessionState } from "./types.js" */

const DOORS = /** @type {const} */ (["closed", "full", "already", "placeholder"]); // why the server starts no session

/**
 * @param {Shell} shell
 * @returns {Promise<SessionState>}
 */
function open(shell) {
  const parameters = Object.fromEntries(new URLSearchParams(location.search));
  return retry(async () => {
    try {
      return await openSession(parameters, startNonce());
    } catch (error) {
      if (!(error instanceof ApiError) || error.lost || error.refused || error.crowded) throw error;
      showMessage(shell, { title: t("connecting_title"), text: t("connecting_text"), busy: true });
      return null;
    }
  });
}

/**
 * @param {Shell} shell
 * @param {ApiError} error
 */
function refuse(shell, error) {
  const known = error.crowded ? "crowded" : DOORS.find((door) => door === error.reason);
  if (!known) showMessage(shell, { title: t("refused_title"), text: error.message });
  else
    showMessage(shell, {
      title: t(`refused_${known}_title`),
      text: t(`refused_${known}_text`),
      // The server's own sentence names the id, or the setting: for whoever is asked about it.
      detail: known === "closed" || known === "full" ? null : error.message,
    });
}

async function main() {
  const shell = new Shell(present(document.getElementById("app")));
  await setLanguage(navigator.language);
  try {
    const state = await open(shell);
    await setLanguage(state.study.language || "en");
    const { lab } = state.study;
    if (lab) shell.lab = new (await import("./lab.js")).LabParts(lab);
    if (window.top !== window && !(await keepsCookie())) {
      showLost(shell, state.resume_url, { target: "_blank" });
      return;
    }
    const session = new Session(
      state,
      shell,
      await loadPageTypes(state.pages, state.more),
      loadPageTypes,
    );
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
