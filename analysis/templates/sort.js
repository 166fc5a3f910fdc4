for (const head of document.querySelectorAll("thead th")) {
  head.querySelector("button").addEventListener("click", () => {
    const column = head.cellIndex,
      body = head.closest("table").tBodies[0];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => row.cells[column].dataset.sort ?? "";
    const numeric = !head.classList.contains("text");
    const order = (a, b) =>
      numeric
        ? Number(value(a)) - Number(value(b))
        : value(a).localeCompare(value(b), undefined, { numeric: true });
    const rows = [...body.rows],
      empty = rows.filter((row) => value(row) === "");
    body.append(
      ...rows.filter((row) => value(row) !== "").sort((a, b) => (down ? order(b, a) : order(a, b))),
      ...empty,
    );
  });
}
