"""Which keys of wordings the package's code names: literally, or by the beginning of an f-string."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import drgpay
from drgpay.base.words import WORDS_FOLDER, Sentences, Wording
from drgpay.tables.declared import read_declarations, shared_columns

PACKAGE = Path(drgpay.__file__).parent
OF_ITS_OWN_FORM = "policy"
"""A sentence for every key of a policy: tests/report/test_policy_explained.py."""
FILES = sorted(
    str(path.relative_to(WORDS_FOLDER).with_suffix(""))
    for path in WORDS_FOLDER.rglob("*.toml")
    if path.stem != OF_ITS_OWN_FORM
)
ERROR_PARTS = ("problem", "remedy")
_LOOK_UPS = ("said", "word", "words")
_SAY = "say"  # what tables and pages call the words that they are given


class Asked(NamedTuple):
    """A key, or a pattern of keys, that a look-up of some files is called with; by nothing: of any."""

    place: str
    pattern: str
    files: tuple[str, ...]


def asked() -> Iterator[Asked]:
    """Every look-up of the package with a key that is written there, or that begins or ends so."""
    for path in _sources():
        tree = _tree(path)
        names = _wordings_of(path, tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                found = _look_up(node.func, names)
                if found:
                    files, ends = found
                    for pattern in _patterns(node.args[0]):
                        place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                        for end in ends:
                            yield Asked(place, pattern + end, files)


@cache
def texts() -> set[str]:
    """Every text and name of the code and of its pages that could be a key: columns, values, words."""
    found: set[str] = set()
    for path in _sources():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
    found |= {name.removesuffix("_fen") for name in found}  # shown in yuan
    for key, table in read_declarations("shown")["shown"].items():
        found |= {key, table.get("title", key), table.get("note", key)}
    for page in PACKAGE.rglob("*.j2"):
        found |= set(re.findall(r"\w+", page.read_text(encoding="utf-8")))
    return found


@cache
def patterns() -> set[str]:
    """Every way in which code puts a key together: f-strings of names, and prefixes of columns."""
    found = {f"{column.said}_.+" for column in shared_columns().values() if column.said}
    for path in _sources():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.JoinedStr):
                pattern = next(iter(_patterns(node)))
                letters = re.sub(r"\.\+|\W", "", pattern)
                if len(letters) > 1 and re.fullmatch(r"[\w.+\\]+", pattern):
                    found.add(pattern)
            elif isinstance(node, ast.Dict):  # prefixes={"class": "group"}
                found |= {
                    f"{value.value}_.+"
                    for value in node.values
                    if isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                    and re.fullmatch(r"[a-z_]+", value.value)
                }
            elif isinstance(node, ast.Call) and _name(node.func) == "named" and node.args:
                found |= {f"{pattern}_.+" for pattern in _patterns(node.args[0])}
    return found


@cache
def _sources() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _wordings_of(path: Path, tree: ast.Module) -> Mapping[str, Any]:
    """What the names of a module mean, those that a function imports or binds to words included."""
    dotted = ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts))
    names = dict(vars(importlib.import_module(dotted.removesuffix(".__init__"))))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and "wording" in node.module:
            module = importlib.import_module(node.module)
            for alias in node.names:
                names.setdefault(alias.asname or alias.name, getattr(module, alias.name))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            meant = _meaning(node.value, names)
            if meant is not None:
                names.setdefault(node.targets[0].id, meant)
    return names


def _meaning(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """The Wording, or a look-up of one, that an expression means."""
    if isinstance(node, ast.Call) and _name(node.func) in ("Wording", "Sentences"):
        files = [*_patterns(node.args[0])]
        kind = Sentences if _name(node.func) == "Sentences" else Wording
        return kind(files[0]) if len(files) == 1 else None
    if isinstance(node, ast.Attribute):
        return getattr(_meaning(node.value, names), node.attr, None)
    return names.get(node.id) if isinstance(node, ast.Name) else None


def _look_up(
    func: ast.expr, names: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The files that a call looks a key up in, and how the keys end that it gives the beginning of."""
    meant = _meaning(func, names)
    if isinstance(meant, Sentences):
        return (meant.file,), tuple(rf"\.{part}" for part in ERROR_PARTS)
    of = getattr(meant, "__self__", None)
    if isinstance(of, Wording):
        name = meant.__name__
        ends = ("_.+",) if name == "named" else ("",)
        return ((of.file,), ends) if name in (*_LOOK_UPS, "named") else None
    prints = isinstance(func, ast.Attribute) and _name(func.value) == "console"
    return ((), ("",)) if _name(func) == _SAY and not prints else None


def _name(func: ast.expr) -> str:
    return getattr(func, "attr", getattr(func, "id", ""))


def _patterns(node: ast.expr) -> Iterator[str]:
    """Regular expressions of what a text may be; none where it is not known at all."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _patterns(node.body)
        yield from _patterns(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
            for part in node.values
        )
