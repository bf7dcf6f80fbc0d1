"""The template of a page, as every page of the program is rendered."""

from pathlib import Path
from typing import Any


def page_template(folder: Path) -> Any:
    """`page.html.j2` of a folder, a jinja2 template; a name that it is not given is an error."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
