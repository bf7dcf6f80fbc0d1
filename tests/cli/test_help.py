"""Help: every command and parameter in both languages, with an example, and nothing else in it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from drgpay.base.words import own_words
from drgpay.cli.commands import FORMER, HELP, general_options, parameter_key
from drgpay.cli.main import app
from tests.cli.in_process import Run

PROGRAM = typer.main.get_command(app)
CHINESE = re.compile("[\u4e00-\u9fff]")
# Three words of letters in a row are a sentence, but for names of keys and files, which have signs.
ENGLISH = re.compile(r"(?<![\w./-])(?!drgpay )[A-Za-z]{2,}(?: [a-z]{2,}){2,}(?![\w./-])")
MOST = 13
"""Parameters of a command that only it has: `adjust split` has the limits of its search."""


def commands(command: Any = PROGRAM, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    yield ".".join(path) or "drgpay", command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


ALL = dict(commands())


def test_every_command_and_parameter_has_words_and_every_word_its_parameter() -> None:
    used = {f"headings.{key}" for key in _section("headings")}
    for key, command in ALL.items():
        used |= {f"{key}.about", f"{key}.more"}
        used |= {parameter_key(key, param.name) for param in [*command.params, *general_options()]}
    used.add("options.help")
    known = set(own_words("help"))
    assert used - known == {key for key in used if key.endswith(".more")} - known
    assert known - used == set()


def _section(name: str) -> list[str]:
    return [key.removeprefix(f"{name}.") for key in own_words("help") if key.startswith(f"{name}.")]


def test_chinese_is_chinese_and_english_english() -> None:
    for key, words in own_words("help").items():
        assert CHINESE.search(words.zh), key
        assert not ENGLISH.search(words.zh), key
        assert not CHINESE.search(re.sub("国临版|是", "", words.en)), key


@pytest.mark.parametrize("key", ALL)
def test_help_is_in_the_chosen_language(key: str, drgpay: Run) -> None:
    path = [] if key == "drgpay" else key.split(".")
    status, out, _ = drgpay(*path, "--help", "--lang", "zh")
    assert status == 0
    assert "用法：" in out
    assert "示例" in out
    before, _, examples = out.partition("示例")
    assert not ENGLISH.search(before), before
    assert re.search(r"\bdrgpay \w", examples)
    assert "--lang" in before
    status, out, _ = drgpay("--lang", "en", *path, "--help")
    assert (status, "Usage: " in out, "Example" in out) == (0, True, True)
    assert not CHINESE.search(re.sub("国临版|是", "", out.partition("Example")[0])), out


@pytest.mark.parametrize("key", ALL)
def test_examples_are_commands_with_their_options(key: str) -> None:
    for example in ALL[key].examples:
        first, *rest = example.split()
        assert first == "drgpay"
        command = PROGRAM
        while rest and hasattr(command, "commands"):
            word = rest.pop(0)
            if word in command.commands:
                command = command.commands[word]
            else:
                assert (word, rest.pop(0)) == ("--lang", "en")
        known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
        given = {word for word in rest if word.startswith("--")}
        assert given <= known - FORMER, example


def test_a_command_has_few_parameters_of_its_own() -> None:
    for key, command in ALL.items():
        shared = set(_section("options"))
        own = [param.name for param in command.params if param.name not in shared]
        assert len(own) <= MOST, (key, own)


def test_former_names_are_taken_and_not_shown(drgpay: Run) -> None:
    _, out, _ = drgpay("run", "--help")
    assert "--output" not in out
    status, _, err = drgpay("run", "nowhere.toml", "--output", "x")
    assert (status, "nowhere.toml" in err) == (2, True)


def test_help_of_every_parameter_is_in_help_toml() -> None:
    for key, command in ALL.items():
        for param in command.params:
            assert parameter_key(key, param.name) in HELP, (key, param.name)
