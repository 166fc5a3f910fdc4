// The start of a session may reach the server while its answer is lost. This device's own random text makes a second
// start find the first one's session. It is kept until the session is finished, separately for each link.
// Where nothing can be stored, the tab's history keeps it, which a reload leaves as it is.

import { uuid4 } from "./api.js";
import { forget, recall, remember } from "./storage.js";

const KEY = `listenable.start.${location.pathname.slice(1)}${location.search}`; // studies may share a site

const FORM = /^[\w-]{22,64}$/; // as the server expects it

/** @returns {string} */
export function startNonce() {
  const found = recall(KEY) ?? history.state?.[KEY];
  const nonce = typeof found === "string" && FORM.test(found) ? found : uuid4(); // others of the site can write there
  if (!remember(KEY, nonce)) history.replaceState({ [KEY]: nonce }, "");
  return nonce;
}

export function forgetStart() {
  forget(KEY);
  if (history.state?.[KEY]) history.replaceState(null, "");
}
