// The start of a session may reach the server while its answer is lost. This device's own random text makes a second
// start find the first one's session. It is kept until the session is finished, separately for each link.

import { uuid4 } from "./api.js";
import { forget, recall, remember } from "./storage.js";

const KEY = `listenable.start.${location.pathname.slice(1)}${location.search}`; // studies may share a site

/** @returns {string} */
export function startNonce() {
  const nonce = recall(KEY) ?? uuid4();
  remember(KEY, nonce);
  return nonce;
}

export function forgetStart() {
  forget(KEY);
}
