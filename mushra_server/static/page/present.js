// Values that are there unless this page has a defect.

/**
 * The value itself; an error where there is none.
 *
 * @template T
 * @param {T | null | undefined} value
 * @returns {T}
 */
export function present(value) {
  if (value === null || value === undefined) throw new TypeError("a value is missing");
  return value;
}
