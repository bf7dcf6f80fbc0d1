document.querySelectorAll("td[data-v]").forEach(function (cell) { cell.title = cell.dataset.v; });
// Sort a table by a column: numbers by their exact value, words by the language's order.
document.querySelectorAll("thead th").forEach(function (head) {
  head.classList.add("sorts");
  head.tabIndex = 0;
  head.title = document.body.dataset.sortHint;
  head.addEventListener("keydown", function (event) { if (event.key === "Enter") head.click(); });
  head.addEventListener("click", function () {
    var body = head.closest("table").tBodies[0], column = head.cellIndex;
    var down = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
    if (!head.classList.contains("n") && !head.hasAttribute("aria-sort")) down = 1;
    head.parentNode.querySelectorAll("th").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
    var key = function (row) {
      var cell = row.cells[column];
      if (!head.classList.contains("n")) return cell.textContent;
      return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
    };
    Array.from(body.rows).sort(function (a, b) {
      var x = key(a), y = key(b);
      if (x === null || y === null) return (x === null) - (y === null);
      return down * (typeof x === "string" ? x.localeCompare(y, document.documentElement.lang) : x - y);
    }).forEach(function (row) { body.appendChild(row); });
  });
});
