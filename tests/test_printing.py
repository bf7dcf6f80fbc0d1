"""The program prints in one place: no module goes round it, where text of data would be markup."""

import ast
from pathlib import Path

import drgpay

PACKAGE = Path(drgpay.__file__).parent
# Each name of printing, and the modules that may use it.
ALLOWED = {
    "print": set(),
    "echo": set(),
    "secho": set(),
    "Console": {"show/terminal.py"},
    "Screen": {"show/terminal.py", "cli/console.py"},
    "from_markup": set(),
    "render_markup": set(),
    "from_ansi": set(),
}
IMPORTS = {"rich.text": {"show/terminal.py"}, "rich.markup": set(), "rich": set()}
STREAMS = {"base/cache_folder.py", "cli/console.py", "cli/streams.py", "cli/main.py"}


def offences(text: str, name: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(id=used) | ast.Attribute(attr=used)):
                of_screen = isinstance(node.func, ast.Attribute) and used == "print"
                allowed = ALLOWED["Screen"] if of_screen else ALLOWED.get(used, {name})
                if name not in allowed:
                    found.append(f"{name}:{node.lineno} {used}()")
            case ast.ImportFrom(module=str(module)) if name not in IMPORTS.get(module, {name}):
                found.append(f"{name}:{node.lineno} from {module}")
            case ast.Import(names=names):
                found += [
                    f"{name}:{node.lineno} import {each.name}"
                    for each in names
                    if name not in IMPORTS.get(each.name, {name})
                ]
            case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr" | "__stdout__"):
                if name not in STREAMS:
                    found.append(f"{name}:{node.lineno} sys.{node.attr}")
    return found


def test_no_module_prints_by_itself() -> None:
    modules = sorted(PACKAGE.rglob("*.py"))
    assert len(modules) > 300
    found = [
        offence
        for path in modules
        for offence in offences(
            path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).as_posix()
        )
    ]
    assert found == []


def test_each_way_round_is_found() -> None:
    for text in (
        "print(1)",
        "typer.echo(1)",
        "from rich.console import Console\nConsole()",
        "from rich.text import Text",
        "import rich.text",
        "from rich import print",
        "sys.stdout.write('x')",
        "Text.from_markup('x')",
        "Console().print(1)",
    ):
        assert offences(text, "report/new.py"), text
