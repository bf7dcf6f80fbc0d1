"""Job files: what is said of the mistakes in them."""

from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.scheme import load_scheme
from drgpay.run.job import load_any_job
from drgpay.run.year_job import load_any_year_job

JOB = """period = "2026-10"
scheme = "chs-drg-2.0"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
[inputs]
stays = "stays.csv"
hospitals = "hospitals.csv"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "job.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("catalogue =", "catalog =", "the key catalog is unknown (is catalogue meant?)"),
        ("hospitals =", "hospital =", "inputs.hospital is unknown (is hospitals meant?)"),
        ("output =", "Output =", "the key Output is unknown (is output meant?)"),
        ('"2026-10"', "2026-10", "line 1: this is not valid TOML"),
        ('"2026-10"', "2026-10", 'write the line as: period = "2026-10"'),
        ('"2026-10"', '"2026-13"', "write a month as 2026-10 (given: 2026-13)"),
        ("scheme =", "schema = 1\n[x", "job.toml, line"),
    ],
)
def test_mistakes_name_the_file_and_what_was_meant(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    with pytest.raises(DrgpayError, match=r"job\.toml") as raised:
        load_any_job(written(tmp_path, JOB.replace(before, after)))
    assert told in str(raised.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = JOB.replace("2026-10", "202610").replace("policy =", "polici =").replace("stays", "stay")
    with pytest.raises(DrgpayError) as raised:
        load_any_job(written(tmp_path, text))
    for key in ("period", "polici", "inputs.stay"):
        assert f"the key {key} is" in str(raised.value)


def test_a_year_file_too(tmp_path: Path) -> None:
    text = 'year = 2026\npolicy = "p"\noutput = "o"\n[[months]]\nperiod = "2026-01"\nruns = "x"\n'
    with pytest.raises(DrgpayError, match=r"months\.0\.runs is unknown .is run meant"):
        load_any_year_job(written(tmp_path, text + '[inputs]\nhospitals = "h"\n'))


def test_a_mistyped_scheme_is_told_without_the_folder_of_the_job(tmp_path: Path) -> None:
    job = load_any_job(written(tmp_path, JOB.replace("chs-drg-2.0", "chs-drg-2.O")))
    with pytest.raises(DrgpayError) as raised:
        load_scheme(job.scheme)  # type: ignore[union-attr]
    assert str(raised.value).startswith("there is no scheme 'chs-drg-2.O'; is chs-drg-2.0 meant?")


def test_a_job_as_notepad_saves_it(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_text(JOB, encoding=encoding)
        assert str(load_any_job(path).period) == "2026-10"
