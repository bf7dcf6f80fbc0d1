"""File names made of ids."""

import pytest

from drgpay.base.file_names import file_names, is_device, is_too_long, safe_name

STRANGE = [
    *(
        "../../../../x",
        "/x",
        "\\x",
        "C:x",
        "a\0b",
        "a\nb",
        "a\tb",
        "a\u200bb",
        "a\u202eb",
        "\ud800",
    ),
    *(
        ".",
        "..",
        ".x",
        "x.",
        "x ",
        " x",
        "",
        "CON",
        "con",
        "Con.txt",
        "NUL",
        "prn ",
        "COM1",
        "lpt9.x",
    ),
    *(
        "H1",
        "h1",
        "Ｈ1",
        "é",
        "e\u0301",
        "ß",
        "SS",
        "ss",
        "a%2Fb",
        "a/b",
        "h1%2",
        "%",
        "市一院",
        '*?<>|"',
    ),
]


def test_different_ids_have_different_names_wherever_they_are_written() -> None:
    names = file_names(STRANGE, ".xlsx")
    assert set(names) == set(STRANGE)
    assert len({name.casefold() for name in names.values()}) == len(STRANGE)
    for name in names.values():
        stem = name.removesuffix(".xlsx")
        assert not set(stem) & set('\\/:*?"<>|')
        assert stem.isprintable()
        assert stem
        assert stem[0] not in ". "
        assert stem[-1] not in ". "
        assert not is_device(stem)
        stem.encode()


@pytest.mark.parametrize("plain", ["H339", "市一院", "330100-1", "A.b_c (2)", "CONTI", "com10"])
def test_plain_ids_stay_as_they_are(plain: str) -> None:
    assert safe_name(plain) == plain


def test_too_long() -> None:
    assert not is_too_long("H" * 200)
    assert is_too_long("H" * 201)
    assert is_too_long("院" * 67)
    assert is_too_long("/" * 67)  # %2F
