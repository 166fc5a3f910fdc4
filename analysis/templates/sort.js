// A press on a column's head sorts a table's rows by it; empty cells stay at the end.

for (const button of document.querySelectorAll("thead th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const body = head?.closest("table")?.tBodies[0];
    if (!head || !body) return;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.closest("tr")?.cells ?? []) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    /** @param {HTMLTableRowElement} row */
    const value = (row) => row.cells[head.cellIndex].dataset.sort ?? "";
    const numeric = !head.classList.contains("text");
    /** @param {HTMLTableRowElement} a @param {HTMLTableRowElement} b */
    const order = (a, b) =>
      numeric
        ? Number(value(a)) - Number(value(b))
        : value(a).localeCompare(value(b), undefined, { numeric: true });
    const rows = [...body.rows];
    const empty = rows.filter((row) => value(row) === "");
    const full = rows.filter((row) => value(row) !== "");
    body.append(...full.sort((a, b) => (down ? order(b, a) : order(a, b))), ...empty);
  });
}
