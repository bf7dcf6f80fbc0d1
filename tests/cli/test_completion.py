"""Completion of commands and options in shells, in the chosen language."""

import pytest

from tests.cli.program import drgpay
from tests.spread import spread


def completed(shell: str, words: str, language: str) -> str:
    ended = drgpay(
        _DRGPAY_COMPLETE=f"complete_{shell}",
        _TYPER_COMPLETE_ARGS=words,
        _TYPER_COMPLETE_FISH_ACTION="get-args",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - (words[-1] != " ")),
        DRGPAY_LANG=language,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout.decode()


@pytest.mark.parametrize("shell", spread(["bash", "zsh", "fish"], 1))
def test_commands_and_options_are_completed(shell: str) -> None:
    found = completed(shell, "drgpay ru", "en")
    assert "run" in found
    assert "runs" in found
    assert "clear" not in found
    assert "rebuild" in completed(shell, "drgpay runs re", "en")
    options = completed(shell, "drgpay run --", "en")
    assert "--accept" in options
    assert "--output" not in options, "a former name"


@pytest.mark.parametrize(("language", "said"), [("zh", "结算一个月"), ("en", "Settle a month")])
def test_help_beside_them_is_in_the_chosen_language(language: str, said: str) -> None:
    for shell in ("zsh", "fish"):
        assert said in completed(shell, "drgpay ru", language)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_script_of_a_shell_names_the_program(shell: str) -> None:
    ended = drgpay("--show-completion", shell)
    assert ended.returncode == 0
    assert b"_DRGPAY_COMPLETE" in ended.stdout
