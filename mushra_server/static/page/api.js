// The server's HTTP interface, as promises. Nothing here retries: see outbox.js.

/** @import { Entry, Refusal, SessionState } from "./types.js" */

const REFUSALS = [400, 409, 413];

/** A response other than a success (`status`), or no response (`status` 0). */
export class ApiError extends Error {
  #own;

  /**
   * @param {number} status
   * @param {Refusal} [body]
   * @param {number} [retryAfter] seconds that the server asks to wait
   */
  constructor(status, body = {}, retryAfter = 0) {
    super(body.error ?? `HTTP ${status}`);
    this.status = status;
    this.reason = body.reason ?? null;
    this.missing = body.missing ?? [];
    this.retryAfter = retryAfter;
    this.#own = typeof body.error === "string"; // a proxy on the way does not write such JSON
  }

  /** Whether this browser has lost its session: no cookie, no entry, or the cookie of another session. */
  get lost() {
    return this.status === 401 || this.status === 403 || this.reason === "other_session";
  }

  /** Whether this address started too many sessions: trying again within a minute is useless. */
  get crowded() {
    return this.status === 429 && this.reason === "too_many_sessions";
  }

  /** Whether the server itself will never take this request; anything else may pass later. */
  get refused() {
    return this.#own && REFUSALS.includes(this.status) && !this.lost;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {{ keepalive?: boolean }} [options]
 * @returns {Promise<any>} the answer, of a shape that the caller knows
 */
async function request(method, path, body, { keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      keepalive,
      credentials: "same-origin",
      cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout ? AbortSignal.timeout(20000) : undefined,
    });
  } catch {
    throw new ApiError(0);
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    const wait = Number(response.headers.get("Retry-After")); // not a number if it is a date
    throw new ApiError(response.status, answer ?? {}, wait > 0 ? wait : 0);
  }
  if (answer === null) throw new ApiError(0); // a proxy's page instead of ours
  return answer;
}

/**
 * Start a session, or find the one this browser already has; the same `nonce` again finds the same session.
 *
 * @param {Record<string, string>} parameters
 * @param {string} nonce
 * @returns {Promise<SessionState>}
 */
export function openSession(parameters, nonce) {
  return request("POST", "api/session", { parameters, nonce, simulated: false });
}

/**
 * Save a page; `id` ties it to this session, whatever session the browser's cookie stands for by now.
 *
 * @param {Entry} entry
 * @param {string} device
 */
export function savePage(entry, device) {
  return request("PUT", `api/session/pages/${entry.index}`, bodyOf(entry, device));
}

/**
 * Save an unfinished page; `leaving` lets the request outlive the document.
 *
 * @param {Entry} entry
 * @param {string} device
 * @param {boolean} [leaving]
 */
export function saveDraft(entry, device, leaving = false) {
  return request("PUT", `api/session/pages/${entry.index}/draft`, bodyOf(entry, device), {
    keepalive: leaving,
  });
}

/**
 * With when the answer was given, which orders those of this device, and how long it waited here: on another device
 * the session may have gone on meanwhile.
 *
 * @param {Entry} entry
 * @param {string} device
 */
function bodyOf({ id, answer, at }, device) {
  const waited = Number.isFinite(at) ? Math.max(0, Date.now() - at) : 0;
  return { ...answer, page: id, device, given_at: at, waited_ms: waited };
}

/** Whether this browser keeps the session's cookie: some do not in another site's frame. */
export async function keepsCookie() {
  try {
    await loadSession();
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.status === 401);
  }
}

/**
 * The session as it is now: an adaptive test has new pages after each answer.
 *
 * @returns {Promise<SessionState>}
 */
export function loadSession() {
  return request("GET", "api/session", undefined);
}

/** @returns {Promise<Pick<SessionState, "completion" | "popup_content">>} */
export function finishSession() {
  return request("POST", "api/session/finish", {});
}

/** A random UUID; `crypto.randomUUID` exists only over https. */
export function uuid4() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
