"""No text of the data is markup in a page, and a page runs and loads nothing but its own."""

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import drgpay
from drgpay.base.visible import visible
from drgpay.report.html.write import write_report
from drgpay.show import charts
from drgpay.show.template import render_page, sorting_script
from tests.hostile_texts import LONG, SURROGATE, TEXTS
from tests.report.chromium import needs_browser, opened
from tests.report.html_page import Page
from tests.report.html_runs import make_run
from tests.spread import spread

PACKAGE = Path(drgpay.__file__).parent
REPORT, SIMULATE = PACKAGE / "report" / "html", PACKAGE / "simulate"
DRAWN = {"svg", "g", "path", "text", "rect", "line", "tspan", "defs", "clippath"}
LAID_OUT = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer"),
    *("nav", "ul", "li", "dl", "dt", "dd", "p", "h1", "h2", "h3", "a", "span", "b", "small"),
    *("div", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "pre", "code"),
    "script",
}


def assert_harmless(text: str, scripts: int) -> None:
    """Only elements of ours, no handlers, no addresses; one style sheet, so many scripts."""
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert set(tags) <= LAID_OUT | DRAWN
    assert (tags.count("style"), tags.count("script")) == (1, scripts)
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert (attributes.get("href") or "#").startswith("#")
        assert not attributes.keys() & {"src", "srcdoc", "action", "xlink:href", "srcset"}
    assert visible(text, lines=True) == text


def policy_of(text: str) -> dict[str, list[str]]:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found
    directives = [part.split() for part in html.unescape(found[1]).split("; ")]
    return {name: values for name, *values in directives}


def hash_of(text: str, tag: str) -> str:
    """As a browser computes it of the one element."""
    [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'"


def assert_strict(text: str, with_script: bool) -> None:
    expected = {
        "default-src": ["'none'"],
        "style-src": [hash_of(text, "style")],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    if with_script:
        expected["script-src"] = [hash_of(text, "script")]
    assert policy_of(text) == expected


def spoilt_run(folder: Path) -> Path:
    """A run whose region, policy and hospitals are called by the texts."""
    run = make_run(folder, region=TEXTS[0] + "".join(TEXTS[11:15]))
    statements = pl.read_parquet(run / "statements.parquet")
    ids = statements["hospital_id"].unique().sort().to_list()
    parts = [TEXTS[place :: len(ids)] for place in range(len(ids))]
    names = dict(zip(ids, map("｜".join, parts), strict=True))
    statements.with_columns(name=pl.col("hospital_id").replace_strict(names)).write_parquet(
        run / "statements.parquet"
    )
    path = run / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["policy"]["parameters"]["policy"]["name"] = "｜".join(TEXTS)
    manifest["scheme"]["id"] = "</script><script>document.title='X'</script>"
    manifest["inputs"]["hospitals"]["file"] = "../../<b>\u202e.csv"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return run


def test_the_texts_of_a_run_stay_texts_in_its_report(tmp_path: Path) -> None:
    text = write_report(spoilt_run(tmp_path / "runs"), out=tmp_path / "a.html").path.read_text(
        encoding="utf-8"
    )
    assert_harmless(text, scripts=1)
    assert_strict(text, with_script=True)
    shown = html.unescape(text)
    for each in TEXTS:
        assert visible(each, lines=True) in shown


@needs_browser
def test_a_browser_runs_nothing_of_the_texts(tmp_path: Path) -> None:
    page = write_report(spoilt_run(tmp_path / "runs"), out=tmp_path / "a.html").path
    shown, said = opened(page)
    assert said == []
    assert "<title>X</title>" not in shown
    assert 'class="sorts' in shown, "our own script ran"
    assert shown.count("<svg") == page.read_text(encoding="utf-8").count("<svg") > 0


@needs_browser
def test_a_browser_refuses_what_is_not_ours(tmp_path: Path) -> None:
    """What the check above would not see if the policy did nothing."""
    page = write_report(make_run(tmp_path / "runs"), out=tmp_path / "a.html").path
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace("</body>", "<script>document.title='X'</script></body>"), encoding="utf-8"
    )
    shown, said = opened(page)
    assert "<title>X</title>" not in shown
    assert len(said) == 1 and "Content Security Policy" in said[0]


@pytest.mark.parametrize("text", spread([*TEXTS, SURROGATE], 8))
@pytest.mark.parametrize("place", ["title", "name"])
def test_a_text_of_a_chart_stays_a_text(text: str, place: str) -> None:
    bars = [charts.Bar(f"{text}{n}" if place == "name" else "x", n, text) for n in (1.0, -2.0)]
    title = text if place == "title" else "x"
    for drawn in (charts.bar_panels([(title, bars)]), charts.value_chart([(title, bars)])):
        page = Page(drawn)
        assert {tag for tag, _ in page.tags} <= DRAWN
        assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]
        assert visible(drawn, lines=True) == drawn
        # White space is one blank in a drawing; what stands before it tells enough.
        assert visible(text).split("  ")[0][:40] in html.unescape(drawn)


def test_a_text_like_an_attribute_is_left_in_a_chart() -> None:
    drawn = charts.value_chart([('a class="b" version="c"', [charts.Bar("x", 1.0, "y")])])
    assert 'a class="b" version="c"' in html.unescape(drawn)


def test_a_page_shows_what_utf8_has_no_bytes_for() -> None:
    given: dict[str, Any] = {
        **dict.fromkeys(("title", "subtitle", "footer", "generator"), SURROGATE),
        **{name: [] for name in ("facts", "tiles", "notes", "sections")},
    }
    text = render_page(SIMULATE, lang="zh", **given)
    assert r"half\ud800pair" in text
    text.encode("utf-8")


def test_a_long_text_is_all_there() -> None:
    given: dict[str, Any] = {
        **dict.fromkeys(("subtitle", "footer", "generator"), ""),
        **{name: [] for name in ("facts", "tiles", "notes", "sections")},
    }
    assert LONG in render_page(SIMULATE, lang="zh", title=LONG, **given)


def test_style_and_script_are_fixed_texts() -> None:
    """Nothing is put into them: a template within would mean that data could be."""
    for text in (sorting_script(), (PACKAGE / "show" / "page.css").read_text(encoding="utf-8")):
        assert "{{" not in text and "{%" not in text and "</" not in text
    for template in (REPORT, PACKAGE / "show"):
        page = (template / "page.html.j2").read_text(encoding="utf-8")
        marked = re.findall(r"\{\{\s*([\w.]+)\s*\|\s*safe", page)
        assert set(marked) <= {"style", "script", "b.svg", "svg"}
        assert len(marked) == page.count("safe")
