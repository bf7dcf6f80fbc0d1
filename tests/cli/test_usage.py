"""What is wrong with the words of a command line: one sentence with its remedy, in both languages."""

import pytest

from tests.cli.in_process import Run

MISTAKES = {
    "no command": (("rum",), ("drgpay has no command rum", "is run meant")),
    "no command of a group": (("runs", "lst"), ("drgpay runs has no command lst", "is list meant")),
    "nothing like it": (("zzzzz",), ("has no command zzzzz", "there are init, fetch, run, clear")),
    "no option": (("run", "x", "--lnag", "zh"), ("no option --lnag", "is --lang meant")),
    "no such option": (("run", "x", "--zzzz"), ("no option --zzzz", "see drgpay run --help")),
    "no argument": (("run",), ("drgpay run lacks the argument job", "add it")),
    "lacking option": (("explain", "x"), ("drgpay explain lacks --case",)),
    "too many": (("run", "x", "y"), ("drgpay run has no use for y",)),
    "no choice": (("runs", "list", "--format", "xls"), ("--format cannot be 'xls'", "csv")),
    "no number": (("run", "x", "--threads", "a"), ("--threads is 'a'", "whole number")),
    "too small": (("run", "x", "--threads", "0"), ("too small", "at least 1")),
    "too large": (("adjust", "split", "x", "--q", "3"), ("--q is 3", "at most 1")),
    "now a key": (("scheme", "import", "x", "--kind", "drg"), ("no longer", "--set kind=VALUE")),
    "no key": (
        ("scheme", "import", "x", "--id", "x", "--out", "x", "--set", "nmae=x"),
        ("scheme.toml has no nmae", "name, name_en, authority"),
    ),
    "without its value": (("run", "x", "--out"), ("--out lacks its value", "drgpay run --help")),
    "with a value": (("run", "x", "--json=3"), ("--json takes no value", "--json alone")),
    "moved stay": (
        ("explain", "--stay"),
        ("drgpay explain takes --stay no longer", "explain-stay"),
    ),
    "moved visit": (("explain", "x", "--visit", "V"), ("use drgpay explain-visit",)),
    "moved calibration": (("calibrate", "x", "--items", "y"), ("use drgpay calibrate-visits",)),
    "moved matrix": (("scheme", "diff", "a", "b", "--stays", "c"), ("use drgpay scheme migrate",)),
    "moved limit": (("adjust", "propose", "x", "--max-depth", "3"), ("use drgpay adjust split",)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(mistake: str, drgpay: Run) -> None:
    arguments, words = MISTAKES[mistake]
    status, out, err = drgpay(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("drgpay: ")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    for word in words:
        assert word in err
    status, out, err = drgpay("--lang", "zh", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("drgpay: ")
    assert err.endswith("。\n")
    assert "；" in err


def test_what_a_terminal_would_obey_is_shown(drgpay: Run) -> None:
    _, _, err = drgpay("run", "x", "\x1b[31mred")
    assert "\x1b" not in err
    assert r"\x1b[31mred" in err


@pytest.mark.parametrize("arguments", [("--lang", "en"), ("runs",), ("runs", "--lang", "en")])
def test_without_a_command_the_help_is_shown(arguments: tuple[str, ...], drgpay: Run) -> None:
    status, out, err = drgpay(*arguments)
    assert (status, err) == (2, "")
    assert "Usage: drgpay" in out


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        (("--lang", "zh", "run", "no.toml"), "en", "请改正路径"),
        (("run", "no.toml", "--lang", "zh"), "en", "请改正路径"),
        (("run", "no.toml", "--lang=en"), "zh", "correct the path"),
        (("run", "no.toml"), "zh", "请改正路径"),
        (("run", "no.toml"), "", "请改正路径"),
        (("run", "no.toml"), "en", "correct the path"),
        (("run", "no.toml", "--lang", "fr"), "en", "--lang is 'fr', which is no language"),
        (("run", "no.toml"), "fr", "DRGPAY_LANG 的值 'fr' 不是可用的语言"),
    ],
)
def test_the_language_is_chosen_once(
    given: tuple[str, ...],
    environment: str,
    said: str,
    drgpay: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DRGPAY_LANG", environment)
    status, _, err = drgpay(*given)
    assert status == 2
    assert said in err
