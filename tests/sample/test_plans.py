"""Every plan of a sample is made whole, or refused before anything is written."""

from pathlib import Path
from typing import Any

import pytest

import drgpay
from drgpay.base.errors import DrgpayError
from drgpay.policy.load import load_policy
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.year_job import load_year_job
from drgpay.sample.plan import Month, SamplePlan
from drgpay.schemas.files import Kind, schema_file, schema_line, schema_text
from tests.schemas.reading import said_by_schema


@pytest.mark.parametrize(
    ("last", "months", "history", "visits", "policies", "years"),
    [
        pytest.param(
            *("2026-10", 12, 1, None, ["policy-2025.toml", "policy.toml"], []),
            marks=pytest.mark.slow,
        ),
        ("2027-01", 2, 0, 5, ["policy-2026.toml", "policy.toml"], []),
        pytest.param(
            *("2025-12", 24, 0, None, ["policy-2024.toml", "policy.toml"], ["2024", "2025"]),
            marks=pytest.mark.slow,
        ),
        ("2024-01", 1, 1, 5, ["policy.toml"], []),
        pytest.param(
            *("2026-11", 13, 0, None, ["policy-2025.toml", "policy.toml"], []),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_months_of_several_years(
    tmp_path: Path,
    last: str,
    months: int,
    history: int,
    visits: int | None,
    policies: list[str],
    years: list[str],
) -> None:
    made = drgpay.make_sample(
        tmp_path / "region",
        stays=25,
        months=months,
        last=last,
        history_months=history,
        visits=visits,
    )
    assert sorted(path.name for path in (tmp_path / "region").glob("policy*.toml")) == policies
    for path in (tmp_path / "region").glob("*.toml"):
        kind: Kind = (
            "policy" if path.stem.startswith("policy") else "job" if "-" in path.stem else "year"
        )
        text = path.read_text("utf-8")
        assert text.startswith(schema_line(schema_file(kind)) + "\n")
        assert (path.parent / schema_file(kind)).read_text("utf-8") == schema_text(kind)
        assert not said_by_schema(kind, text)
    stems = [path.stem for path in made.jobs]
    assert [stem for stem in stems if "-" not in stem] == years
    assert len([stem for stem in stems if "-" in stem]) == months
    for path in made.jobs:
        if "-" in path.stem:
            job = load_job(path)
            assert load_policy(job.policy).policy.policy.year == job.period.year
        else:
            year = load_year_job(path)
            assert load_policy(year.policy).policy.policy.year == int(path.stem)


def test_a_month_of_the_year_before_can_be_settled(tmp_path: Path) -> None:
    made = drgpay.make_sample(
        tmp_path / "region", stays=60, months=2, last="2026-01", history_months=1
    )
    for job in made.jobs:
        assert run_month(load_job(job)).folder.is_dir()


@pytest.mark.parametrize(
    "changed",
    [
        {"stays": 10**12},
        {"history_stays": 10**12},
        {"visits": 10**12},
        {"months": 10**6},
        {"history_months": 10**6},
        {"last": "0001-01"},
        {"last": "9999-12"},
        {"last": "2026-1"},
        {"last": "20261"},
        {"last": "2026-10-"},
        {"last": "2026-13"},
        {"seed": 10**30},
        {"stays": 0},
        {"scheme": "open-apg-1"},
        {"scheme": "chs-drg-2.O"},
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_written(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    with pytest.raises(DrgpayError):
        drgpay.make_sample(tmp_path / "region", **({"stays": 10} | changed))
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder_for_a_sample(tmp_path: Path) -> None:
    (tmp_path / "region").write_text("", encoding="utf-8")
    with pytest.raises(DrgpayError, match="is a file; name a new folder"):
        drgpay.make_sample(tmp_path / "region", stays=10)


def test_the_output_may_be_any_path(tmp_path: Path) -> None:
    runs = 'C:\\运行 "x"'
    made = drgpay.make_sample(tmp_path / "region", stays=10, history_months=0, runs=runs)
    assert load_job(made.jobs[0]).output == tmp_path / "region" / runs


def test_months_are_written_as_they_are_read() -> None:
    assert str(Month.parse("2026-01")) == "2026-01"
    assert SamplePlan(1, 14, last_period="2026-01", history_months=0).years == [2024, 2025, 2026]
