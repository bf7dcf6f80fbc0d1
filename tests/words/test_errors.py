"""What errors say is a wording in both languages: no sentence stands where it is raised."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import drgpay
from drgpay.base.errors import DrgpayError
from drgpay.base.words import own_words
from tests.words.keys_used import FILES, PACKAGE

_SENTENCE = re.compile(r"[a-z]{2} [a-z]{2}")
ERRORS = [file for file in FILES if file.startswith("errors/")]


def _kinds() -> set[str]:
    """The names of DrgpayError and of all that are made of it."""
    for module in pkgutil.walk_packages(drgpay.__path__, "drgpay."):
        importlib.import_module(module.name)
    kinds, waiting = {DrgpayError}, [DrgpayError]
    while waiting:
        below = waiting.pop().__subclasses__()
        kinds |= {*below}
        waiting += below
    own = {kind for kind in kinds if kind is DrgpayError or "__init__" not in vars(kind)}
    return {kind.__name__ for kind in own if inspect.getmodule(kind)}


def _spoken() -> Iterator[str]:
    """Where an error is made with a text of its own."""
    kinds = _kinds()
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds:
                texts = (ast.JoinedStr, ast.Constant)
                if any(isinstance(one, texts) for one in node.args):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}"


def test_no_error_is_raised_with_a_text_of_its_own() -> None:
    assert not [*_spoken()]


def test_every_error_has_a_problem_and_nearly_all_a_remedy() -> None:
    for file in ERRORS:
        keys = own_words(file)
        lone = [key for key in keys if key.endswith(".remedy")]
        assert not [key for key in lone if key.replace(".remedy", ".problem") not in keys], file


def test_chinese_sentences_are_chinese() -> None:
    for file in ERRORS:
        for key, words in own_words(file).items():
            chinese = any("\u4e00" <= letter <= "\u9fff" for letter in words.zh)
            assert chinese or not _SENTENCE.search(_bare(words.en)), f"{file}.{key}"


def _bare(text: str) -> str:
    """A text without its places."""
    outside, depth = "", 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        outside += letter if not depth and letter != "}" else ""
    return outside
