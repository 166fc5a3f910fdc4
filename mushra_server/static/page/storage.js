// localStorage that may be full or forbidden: the page then works without it.

/** @type {Map<string, unknown>} what found no room there: another tab's change must not bring back the rest */
const memory = new Map();

/**
 * @param {string} key
 * @returns {any} what was stored, or null; the caller knows what it stored
 */
export function recall(key) {
  if (memory.has(key)) return memory.get(key);
  try {
    return read(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/**
 * @param {string | null} text
 * @returns {any} what it says, or null if that cannot be read
 */
export function read(text) {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 * @returns {boolean} whether a reload finds it
 */
export function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    memory.delete(key);
    return true;
  } catch {
    memory.set(key, value);
    return false;
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
