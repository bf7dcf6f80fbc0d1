"""The generated parts of ARCHITECTURE.md: `python -m tests.docs.architecture` writes them anew.

Floors come from the layers of pyproject.toml, the line of a room and of a module from its docstring.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "drgpay"
PAGE = ROOT / "ARCHITECTURE.md"


def first_sentence(module: Path) -> str:
    """What a module is for: the first sentence of its docstring, without its full stop."""
    said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(said.split("\n\n")[0].split())
    return re.split(r"(?<=[a-z)`])\. ", paragraph)[0].removesuffix(".")


def layers() -> list[list[str]]:
    """The floors of the house, the highest first: the rooms of each."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    floors = next(one for one in contracts if one["name"] == "Stages import only downstream")
    return [
        [room.strip().split(".")[-1] for room in floor.split("|")] for floor in floors["layers"]
    ]


def floors() -> str:
    """A row a floor."""
    rows = ["| floor | room | what it is for |", "|---|---|---|"]
    for place, rooms in enumerate(layers()):
        for room in rooms:
            said = first_sentence(PACKAGE / room / "__init__.py")
            rows.append(f"| {len(layers()) - place} | `{room}` | {said} |")
    return "\n".join(rows)


def folders() -> Iterator[Path]:
    """Every folder with modules, from the highest floor down, a folder before those in it."""
    yield PACKAGE
    for room in (room for floor in layers() for room in floor):
        yield from sorted({path.parent for path in (PACKAGE / room).rglob("*.py")})


def modules() -> str:
    """A list a folder, a line a module."""
    lines = []
    for folder in folders():
        said = first_sentence(folder / "__init__.py")
        lines += [f"### {folder.relative_to(ROOT).as_posix()}", "", f"{said}.", ""]
        files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
        lines += [f"- `{path.name}`: {first_sentence(path)}" for path in files]
        lines += [""] if files else []
    return "\n".join(lines).rstrip("\n")


GENERATED = {"floors": floors, "modules": modules}


def written(page: str) -> str:
    """The page with its generated parts as they are now."""
    for name, made in GENERATED.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, rest = page.split(begin)
        after = rest.split(end)[1]
        page = before + begin + made() + end + after
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
