"""What a transition leaves: catalogues, tables as declared, a report that closes on itself, a policy."""

import json
import shutil
import tomllib
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl

from drgpay.grouper.scheme import load_scheme
from drgpay.points.catalogue import load_catalogue
from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.tables.declared import transition_tables
from drgpay.transition.outcome import transition
from drgpay.transition.output import write_transition
from tests.transition.conftest import Made
from tests.transition.history import transition_file


def test_every_table_is_as_it_is_declared(made: Made) -> None:
    found = {path.stem for path in made.folder.glob("*.parquet")}
    assert found == {*transition_tables()}
    for name, table in transition_tables().items():
        schema = pl.read_parquet_schema(made.folder / f"{name}.parquet")
        assert list(schema) == [field.name for field in table.fields]
        for field in table.fields:
            dtype = schema[field.name]
            places = field.kind.places
            assert isinstance(dtype, pl.Decimal) == (places is not None), (name, field.name)
            assert places is None or dtype.scale == places  # type: ignore[attr-defined]


def test_what_programs_of_others_are_told(made: Made) -> None:
    package = json.loads((made.folder / "datapackage.json").read_text("utf-8"))
    assert package["kind"] == "transition"
    resources = {one["path"]: one for one in package["resources"]}
    factors = resources["factors.parquet"]
    assert factors["title"] == transition_tables()["factors"].rows.en
    fields = {one["name"]: one for one in factors["schema"]["fields"]}
    assert fields["k"]["decimals"] == 6
    assert not any("personLevel" in one for one in resources.values())


def test_the_new_catalogue_is_that_of_calibrate(made: Made, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "calibrated"
    make_catalogue(
        RecordsInput(folder / "history"),
        "chs-drg-2.0",
        str(folder / "policy.toml"),
        folder / "hospitals.csv",
        out,
    )
    for name in ("groups", "coefficients", "bed_days"):
        file = f"{name}.csv"
        assert (made.folder / "catalogue-new" / file).read_bytes() == (out / file).read_bytes()
    assert (made.folder / "catalogue-new" / "report" / "calibration.xlsx").is_file()


def test_both_catalogues_are_of_the_same_stays(made: Made) -> None:
    for side, scheme in (("old", "chs-drg-1.1"), ("new", "chs-drg-2.0")):
        catalogue = load_catalogue(made.folder / f"catalogue-{side}", load_scheme(scheme))
        assert catalogue.info.stays_read == made.found.history.read


def test_the_policy_can_be_pasted(made: Made) -> None:
    text = (made.folder / "policy-phase-in.toml").read_text("utf-8")
    section = tomllib.loads(text, parse_float=Decimal)["points"]["phase_in"]
    factors = pl.read_parquet(made.folder / "factors.parquet")
    assert section["factors"] == dict(factors.select("account", "k").iter_rows())
    assert section["share_by_month"] == {"2027-01": Decimal("0.25"), "2027-07": 1}
    assert "former_scheme" in text
    assert text.strip() in made.folder.joinpath("report.html").read_text("utf-8").replace(
        "&#34;", '"'
    )


def test_the_report_says_the_verdict_first(made: Made) -> None:
    text = (made.folder / "report.html").read_text("utf-8")
    assert "chs-drg-1.1 → chs-drg-2.0" in text
    first = text.index("The gate is not passed: coverage goes from")
    assert first < text.index("<h2")
    for said in ("Neutral factors: employee", "without a case in the history", "nobody verified"):
        assert said in text
    assert text.count("<svg") >= 3
    assert "http://" not in text and "https://" not in text


def test_no_hospital_shows_a_pair_of_few_cases(made: Made) -> None:
    reasons = pl.read_parquet(made.folder / "reasons.parquet")
    assert reasons.filter(pl.col("cases") < 5).is_empty()
    hospitals = pl.read_parquet(made.folder / "hospitals.parquet")
    sums = reasons.group_by("hospital_id").agg(pl.col("cases", "points_old").sum())
    both = hospitals.join(sums, on="hospital_id", suffix="_of_reasons")
    assert both.height == hospitals.height
    assert both["cases"].to_list() == both["cases_of_reasons"].to_list()
    assert both["points_old"].to_list() == both["points_old_of_reasons"].to_list()


def test_the_workbook_has_every_table(made: Made) -> None:
    book = openpyxl.load_workbook(made.folder / "transition.xlsx", read_only=True)
    for name in ("Gate", "Neutral factors", "Hospitals by change", "Migration between groups"):
        assert any(name.lower() in sheet.lower() for sheet in book.sheetnames), book.sheetnames


def test_the_same_files_give_the_same_bytes(made: Made, folder: Path, tmp_path: Path) -> None:
    """With one thread; where it lies there already, it stays."""
    again = tmp_path / "again"
    shutil.copytree(folder, again, ignore=shutil.ignore_patterns("made", "transitions"))
    found = transition(again / made.found.job.path.name, threads=1, language="en")
    first = write_transition(found, None, "en")
    assert first.parent.name == "transitions"
    assert write_transition(found, None, "en") == first
    names = [path.relative_to(first) for path in sorted(first.rglob("*")) if path.is_file()]
    assert len(names) > 20
    for name in names:
        if name.name not in ("manifest.json", "datapackage.json"):
            assert (first / name).read_bytes() == (made.folder / name).read_bytes(), name


def test_the_order_of_rows_is_nothing(made: Made, folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "turned"
    shutil.copytree(folder, again, ignore=shutil.ignore_patterns("made", "transitions"))
    for path in (again / "history").iterdir():
        pl.read_parquet(path).reverse().write_parquet(path)
    found = transition(transition_file(again))
    for name in ("factors", "quality", "hospitals", "migration", "reasons", "groups"):
        table = getattr(found.comparison, name)
        assert table.equals(getattr(made.found.comparison, name)), name


def test_given_catalogues_are_taken(made: Made, folder: Path) -> None:
    changed = {
        f'scheme = "{scheme}"': f'scheme = "{scheme}"\ncatalogue = "made/catalogue-{side}"'
        for side, scheme in (("old", "chs-drg-1.1"), ("new", "chs-drg-2.0"))
    }
    found = transition(transition_file(folder, "given.toml", changed))
    assert all(one.folder is not None for one in found.catalogues.values())
    assert found.comparison.factors.equals(made.found.comparison.factors)
    out = write_transition(found, folder / "with-given")
    assert not [*out.glob("catalogue-*")]
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert len(manifest["catalogues"]["old"]["sha256"]) == 64
