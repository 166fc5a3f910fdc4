// Values that are missing only if this page has a defect.

/**
 * Return the value; throw if there is none.
 *
 * @template T
 * @param {T | null | undefined} value
 * @returns {T}
 */
export function present(value) {
  if (value === null || value === undefined) throw new TypeError("a value is missing");
  return value;
}
