"""The template of a page, as every page of the program is rendered."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from drgpay.base.visible import visible


def render_page(folder: Path, style: str = "", script: str = "", **given: Any) -> str:
    """`page.html.j2` of a folder with its values; a name that it is not given is an error.

    It may import the macro of `table.html.j2`. style: what its style sheet has besides that of all pages. script: the text of its script.
    They and the charts, whose texts were escaped as they were drawn, are put in as they are. All else
    is data: it is escaped, and what a reader would obey rather than see is written out. The page
    allows its own style sheet and script, by their hashes, and no other; it draws nothing from a
    network.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, Path(__file__).parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_as_data,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheet = _shared("page.css") + style
    return environment.get_template("page.html.j2").render(
        style=sheet,
        script=script,
        content_policy=_content_policy(sheet, script),
        **given,
    )


def sorting_script() -> str:
    """The script of a page whose tables are sorted by a click."""
    return _shared("page.js")


def _shared(name: str) -> str:
    """A file beside this one; what stands in a page begins a line of its own there."""
    return "\n" + (Path(__file__).parent / name).read_text(encoding="utf-8")


def _content_policy(style: str, script: str) -> str:
    """What the page may load: nothing but the style sheet and the script that stand in it."""
    allowed = [
        "default-src 'none'",
        f"style-src {_hash(style)}",
        *([f"script-src {_hash(script)}"] if script else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(allowed)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _as_data(value: Any) -> Any:
    """A value as it goes into a page; what was escaped already, as a macro's result, stays."""
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return visible(value, lines=True) if is_text else value
