// Finished pages and drafts on their way to the server. What is not acknowledged stays on this device and is sent again.

import { ApiError, saveDraft, savePage, uuid4 } from "./api.js";
import { forget, read, recall, remember } from "./storage.js";

/** @import { Answer, Entry, Page } from "./types.js" */

const FIRST_DELAY = 1000; // milliseconds; doubled up to LAST_DELAY
const LAST_DELAY = 30000;
const DRAFT_DELAY = 800;

export class Outbox {
  #key;
  #draftKey;
  #device;
  #givenKey;
  #given = 0; // when the last answer was given; also where nothing can be remembered
  /** @type {Entry[]} */
  #pages; // finished pages: [{index, id, answer, at}]
  /** @type {Entry | null} */
  #draft = null; // {index, id, answer, at} not yet acknowledged
  #draftTimer = 0;
  /** @type {Promise<unknown> | null} */
  #drafting = null;
  #retryTimer = 0;
  #delay = FIRST_DELAY;
  /** @type {Promise<boolean> | null} */
  #sending = null;
  /** @type {{ change: (unsent: number, offline: boolean) => void, refused: (entry: Entry, error: ApiError) => void, lost: (error: ApiError) => void }} */
  #on;
  #stopped = false;

  /**
   * @param {Page[]} pages of this session; the first one's id keeps the answers of people who share a device apart
   * @param {object} on
   * @param {(unsent: number, offline: boolean) => void} on.change how many pages wait
   * @param {(entry: Entry, error: ApiError) => void} on.refused the server will never take a page
   * @param {(error: ApiError) => void} on.lost the session is gone: what waits stays on this device until the session
   *   is opened again
   */
  constructor(pages, on) {
    const session = pages[0]?.id ?? "none";
    this.#key = `listenable.outbox.${session}`;
    this.#draftKey = `listenable.draft.${session}`;
    this.#device = nameDevice(`listenable.device.${session}`);
    this.#givenKey = `listenable.given.${session}`;
    this.#pages = entriesIn(recall(this.#key)).filter((entry) => belongs(entry, pages));
    this.#on = on;
    this.offline = false;
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key === this.#key) this.#yield(entriesIn(read(newValue)), pages);
      if (key === this.#draftKey) this.#yieldDraft(entriesIn([read(newValue)]), pages);
    });
    window.addEventListener("online", () => this.flush());
    window.addEventListener("pagehide", () => this.#sendDraft(true));
    document.addEventListener("visibilitychange", () => document.hidden && this.#sendDraft(true));
  }

  get unsent() {
    return this.#pages.length;
  }

  /**
   * Answers on this device that the server may not have: page index -> {answer, saved}.
   *
   * @param {Page[]} pages
   */
  held(pages) {
    const result = new Map();
    for (const draft of entriesIn([recall(this.#draftKey)])) {
      if (belongs(draft, pages)) result.set(draft.index, { answer: draft.answer, saved: false });
    }
    for (const entry of this.#pages) result.set(entry.index, { answer: entry.answer, saved: true });
    return result;
  }

  /**
   * Hand over a finished page. It is on this device before the call returns.
   *
   * @param {number} index
   * @param {string} id
   * @param {Answer} answer
   */
  add(index, id, answer) {
    this.#dropDraft(index);
    const added = { index, id, answer, at: this.#now() };
    this.#change((entries) => [...entries.filter((entry) => entry.index !== index), added]);
    return this.flush();
  }

  /**
   * Keep an unfinished page: on this device now, on the server soon.
   *
   * @param {number} index
   * @param {string} id
   * @param {Answer} answer
   */
  draft(index, id, answer) {
    this.#draft = { index, id, answer, at: this.#now() };
    remember(this.#draftKey, this.#draft);
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#sendDraft(), DRAFT_DELAY);
  }

  /** Send what is waiting; resolves to whether nothing is left. */
  flush() {
    clearTimeout(this.#retryTimer);
    if (this.#stopped) return Promise.resolve(false);
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #drain() {
    this.#tell();
    while (this.#pages.length > 0) {
      const entry = this.#pages[0];
      try {
        await this.#drafting; // a draft that is still under way must not arrive after its page
        await savePage(entry, this.#device);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.lost) return this.#stop(error);
        if (!error.refused) return this.#retry(1000 * error.retryAfter);
        this.#remove(entry);
        this.#on.refused(entry, error);
        continue;
      }
      this.#delay = FIRST_DELAY;
      this.offline = false;
      this.#remove(entry);
    }
    return true;
  }

  /** @param {number} asked milliseconds that the server asks to wait */
  #retry(asked) {
    this.offline = true;
    this.#tell();
    const delay = Math.max(this.#delay, Math.min(asked, LAST_DELAY));
    this.#retryTimer = setTimeout(
      () => this.flush(),
      delay * (asked > 0 ? 1 : 0.75) + (delay * Math.random()) / 2,
    );
    this.#delay = Math.min(2 * this.#delay, LAST_DELAY);
    return false;
  }

  /** @param {ApiError} error */
  #stop(error) {
    if (this.#stopped) return false;
    this.#stopped = true;
    this.offline = false;
    clearTimeout(this.#draftTimer);
    this.#tell();
    this.#on.lost(error);
    return false;
  }

  /**
   * Let go of what another tab of the session has answered since: of two answers to a page, the newer one counts.
   *
   * @param {Entry[]} stored what the other tab has put on this device
   * @param {Page[]} pages
   */
  #yield(stored, pages) {
    const newer = new Map(
      stored.filter((entry) => belongs(entry, pages)).map((entry) => [entry.index, entry.answer]),
    );
    this.#pages = this.#pages.filter(
      ({ index, answer }) => (newer.get(index) ?? answer).attempt === answer.attempt,
    );
    if (this.#pages.length === 0) this.offline = false; // as far as anybody has to know
    this.#tell();
    this.#yieldDraft(stored, pages);
  }

  /**
   * Let go of a draft that was not acknowledged if another tab has gone on with its page since.
   *
   * @param {Entry[]} stored what the other tab has put on this device
   * @param {Page[]} pages
   */
  #yieldDraft(stored, pages) {
    const own = this.#draft;
    const isNewer = (/** @type {Entry} */ { index, answer }) =>
      index === own?.index && answer.attempt !== own.answer.attempt;
    if (!stored.some((entry) => belongs(entry, pages) && isNewer(entry))) return;
    this.#draft = null;
    clearTimeout(this.#draftTimer);
  }

  /** @param {Entry} entry */
  #remove(entry) {
    const { index, answer } = entry;
    this.#change((entries) =>
      entries.filter((other) => other.index !== index || other.answer.attempt !== answer.attempt),
    );
    this.#tell();
  }

  /**
   * Change what waits, here and on this device, where another tab of the session may have put pages since.
   *
   * @param {(entries: Entry[]) => Entry[]} change
   */
  #change(change) {
    const stored = change(entriesIn(recall(this.#key)));
    this.#pages = change(this.#pages);
    if (stored.length > 0) remember(this.#key, stored);
    else forget(this.#key);
  }

  async #sendDraft(leaving = false) {
    clearTimeout(this.#draftTimer);
    const draft = this.#draft;
    if (draft === null || this.#stopped) return;
    const sending = saveDraft(draft, this.#device, leaving);
    this.#drafting = sending.catch(() => null);
    try {
      await sending;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // It is on this device, and the next change or the page itself is sent again.
      if (error.lost) this.#stop(error);
      else if (!error.refused && !leaving && this.#draft === draft) {
        this.#draftTimer = setTimeout(() => this.#sendDraft(), LAST_DELAY / 3);
      }
      return;
    }
    if (this.#draft === draft) this.#dropDraft(draft.index);
  }

  /**
   * The time by this device's clock; later each time, in every tab, also if the clock is set back: requests overtake
   * one another on their way, and the server shall know which of two answers was given last.
   */
  #now() {
    const last = recall(this.#givenKey);
    this.#given = Math.max(Date.now(), this.#given + 1, Number.isSafeInteger(last) ? last + 1 : 0);
    remember(this.#givenKey, this.#given);
    return this.#given;
  }

  /** @param {number} index */
  #dropDraft(index) {
    if (this.#draft?.index === index) this.#draft = null;
    if (recall(this.#draftKey)?.index === index) forget(this.#draftKey);
    clearTimeout(this.#draftTimer);
  }

  #tell() {
    this.#on.change(this.#pages.length, this.offline);
  }
}

/**
 * What is on this device, as far as this page may have written it: others of the site, and people, can write there.
 *
 * @param {unknown} found
 * @returns {Entry[]}
 */
function entriesIn(found) {
  const entries = /** @type {any[]} */ (Array.isArray(found) ? found : []);
  return entries.filter((entry) => entry?.answer && typeof entry.answer === "object");
}

/**
 * A name for this device that no other session has: nobody shall see which sessions one browser had.
 *
 * @param {string} key where it is kept
 * @returns {string}
 */
function nameDevice(key) {
  const found = recall(key);
  if (typeof found === "string" && /^[0-9a-f-]{36}$/.test(found)) return found;
  const name = uuid4();
  remember(key, name);
  return name;
}

/**
 * @param {Entry} entry
 * @param {Page[]} pages
 */
function belongs({ index, id }, pages) {
  return Number.isInteger(index) && pages[index]?.id === id;
}
