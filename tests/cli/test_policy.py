"""`drgpay policy explain` as a command."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.in_process import Run

ROOT = Path(__file__).resolve().parents[2]
ILLUSTRATIVE = (ROOT / "policies" / "illustrative.toml").read_text(encoding="utf-8")


def test_a_page_and_a_text_at_80_columns(tmp_path: Path, drgpay: Run) -> None:
    for name in ("policy.html", "policy.md", "policy.txt"):
        status, out, _ = drgpay("policy", "explain", "illustrative", "--out", tmp_path / name)
        assert status == 0
        assert name in out
    page = (tmp_path / "policy.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")
    text = (tmp_path / "policy.txt").read_text(encoding="utf-8")
    assert max(map(cell_len, text.splitlines())) <= 80


def test_other_files_are_not_written_over(tmp_path: Path, drgpay: Run) -> None:
    (tmp_path / "mine.md").write_text("mine", encoding="utf-8")
    status, _, err = drgpay("policy", "explain", "illustrative", "--out", tmp_path / "mine.md")
    assert status == 2
    assert "no explanation of a policy" in err
    assert (tmp_path / "mine.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "policy.pdf"), "does not end in .md, .html or .txt"),
        (("--out", "policy.md", "--format", "html"), "contradict each other"),
        (("--catalogue", "nowhere"), "nowhere"),
    ],
)
def test_mistakes(drgpay: Run, arguments: tuple[str, ...], words: str) -> None:
    status, _, err = drgpay("policy", "explain", "illustrative", *arguments)
    assert status == 2
    assert words in err


def test_a_catalogue_names_groups_and_what_it_lacks(tmp_path: Path, drgpay: Run) -> None:
    path = tmp_path / "p.toml"
    text = ILLUSTRATIVE.replace('tcm = { groups = ["IU29"]', 'tcm = { groups = ["IU29", "ZZ99"]')
    path.write_text(
        text.replace("[points]\n", '[points]\nincomplete_if = "LYFS = 4"\n'), encoding="utf-8"
    )
    status, out, _ = drgpay(
        "policy",
        "explain",
        path,
        "--catalogue",
        ROOT / "sample_data" / "catalogue",
        "--year",
        2028,
        "--lang",
        "zh",
    )
    assert status == 0
    info = json.loads((ROOT / "sample_data" / "catalogue" / "catalogue.json").read_text())
    assert f"{info['all_mean_yuan']} 元" in out
    assert "点数目录或分组方案中没有政策所列的：ZZ99。" in out
    assert "points.incomplete_if 与本政策不同" in out
    assert "DT19 " in out
    assert "2028 年加点比例为 10%" in out
