"""A page of the HTML report taken apart."""

from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """A page taken apart: tables as rows of (text, exact value); every tag must close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, str]]]] = []
        self.headings: list[list[str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.svgs = 0
        self._open: list[str] = []
        self._cell: list[str] | None = None
        self._exact = ""
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in _VOID:
            return
        self._open.append(tag)
        self.svgs += tag == "svg"
        if tag == "table":
            self.tables.append([])
            self.headings.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell, self._exact = [], dict(attrs).get("data-v") or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in ("td", "th") and self._cell is not None:
            text = "".join(self._cell)
            if tag == "th":
                assert "thead" in self._open
                self.headings[-1].append(text)
            else:
                self.tables[-1][-1].append((text, self._exact))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def table(self, *headings: str) -> list[list[tuple[str, str]]]:
        """The rows of the table whose headings begin so."""
        for found, rows in zip(self.headings, self.tables, strict=True):
            if found[: len(headings)] == list(headings):
                return [row for row in rows if row]
        raise AssertionError(f"no table {headings} among {self.headings}")
