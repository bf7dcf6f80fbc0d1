"""Groups whose patients come back by plan, as each scheme ships them."""

import shutil
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.exempt_groups import FILE, KINDS, exempt_groups, write_exempt_groups
from drgpay.grouper.scheme import load_scheme, scheme_folder

SCHEMES = ("chs-drg-1.1", "chs-drg-2.0", "zj-drg-2022")
WORDS = {
    "chemotherapy": "化学",
    "radiotherapy": "放射治疗",
    "dialysis": "肾透析",
}


@pytest.mark.parametrize("name", SCHEMES)
def test_every_kind_ships_and_is_that_of_the_groups_name(name: str) -> None:
    scheme = load_scheme(name)
    names = {group.code: group.name for _, group in scheme.groups()}
    rows = scheme.exempt_groups
    assert {row.kind for row in rows} == set(KINDS)
    for row in rows:
        assert WORDS.get(row.kind, "治疗") in names[row.drg]
        assert not row.verified
        assert row.source
    # Nobody forgot a severity: all DRGs of an ADRG are listed, or none.
    for mdc in scheme.mdcs:
        for adrg in mdc.adrgs:
            listed = [drg.code in scheme.exempt for drg in adrg.drgs]
            assert len(set(listed)) <= 1, adrg.code


def test_the_list_takes_no_part_in_the_content_hash(tmp_path: Path) -> None:
    own = Path(shutil.copytree(scheme_folder("chs-drg-2.0"), tmp_path / "own"))
    (own / FILE).unlink()
    assert load_scheme(str(own)).exempt == frozenset()
    assert load_scheme(str(own)).content_hash == load_scheme("chs-drg-2.0").content_hash


@pytest.mark.slow
def test_a_cached_scheme_has_the_list_of_its_folder_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRGPAY_CACHE", str(tmp_path / "cache"))
    own = Path(shutil.copytree(scheme_folder("chs-drg-2.0"), tmp_path / "own"))
    before = load_compiled(str(own)).exempt
    assert before == load_scheme("chs-drg-2.0").exempt
    head, first, *rest = (own / FILE).read_text(encoding="utf-8").splitlines()
    (own / FILE).write_text("\n".join([head, *rest]) + "\n", encoding="utf-8")
    assert load_compiled(str(own)).exempt == before - {first.split(",")[0]}
    (own / FILE).write_text(f"{head}\nXX99,dialysis,x,false\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match="lists XX99, which the scheme does not have"):
        load_compiled(str(own))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drg,kind\n", "lacks the column source, verified"),
        ("drg,kind,source,verified\nA,spa,x,false\n", "row 2: the kind is 'spa'"),
        ("drg,kind,source,verified\nA,dialysis,x,maybe\n", "row 2: verified is 'maybe'"),
        (
            "drg,kind,source,verified\nA,dialysis,x,false\nA,dialysis,x,true\n",
            "row 3: A is listed twice",
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DrgpayError, match=said):
        exempt_groups(tmp_path)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = load_scheme("chs-drg-2.0").exempt_groups
    write_exempt_groups(rows, tmp_path)
    assert exempt_groups(tmp_path) == rows
