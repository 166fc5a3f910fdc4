// localStorage that may be full or forbidden: the page then works without it.

/** @type {Map<string, unknown>} */
const memory = new Map();

/**
 * @param {string} key
 * @returns {any} what was stored, or null; the caller knows what it stored
 */
export function recall(key) {
  try {
    const text = localStorage.getItem(key);
    if (text !== null) return JSON.parse(text);
  } catch {
    // fall through to this page's memory
  }
  return memory.get(key) ?? null;
}

/**
 * @param {string} key
 * @param {unknown} value
 */
export function remember(key, value) {
  memory.set(key, value);
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // kept only in memory
  }
}

/** @param {string} key */
export function forget(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // nothing was stored
  }
}
