"""Arguments of wrong types: every public function says which one is wrong and what is due."""

import inspect
import shutil
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import drgpay
from drgpay.api.arguments import checked
from tests.spread import spread
from tests.transition.history import small_history, transition_file
from tests.transition.paid import paid_month

FUNCTIONS = [name for name in drgpay.__all__ if name[0].islower()]
_NEVER = {
    "an object": object(),
    "bytes": b"2026",
    "complex": 1j,
    "a frame in a list": [pl.DataFrame()],
}
"""No parameter takes these."""
_SOMETIMES: dict[str, object] = {
    "None": None,
    "a number": 5,
    "a fraction": 0.5,
    "True": True,
    "a text": "nowhere",
    "nothing": "",
    "a path": Path("nowhere"),
    "a Decimal": Decimal("0.5"),
    "no number": float("nan"),
    "a date": date(2026, 10, 1),
    "a time": datetime(2026, 10, 1, 12),
    "a list": [],
    "a list of numbers": [1],
    "a dict": {},
    "a dict of numbers": {1: 2},
    "a frame": pl.DataFrame({"x": [1]}),
    "a frame of objects": pl.DataFrame({"case_id": [object()]}),
    "a lazy frame": pl.LazyFrame({"x": [1]}),
}
"""Some parameters take some of these; of what they take nothing but a DrgpayError may come."""


@pytest.fixture(scope="module")
def right(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A right value for each parameter that a function cannot do without, by name; small, so that
    what is accepted is soon done.
    """
    scheme = drgpay.load_scheme("chs-drg-2.0")
    overlay = tmp_path_factory.mktemp("overlay") / "overlay.toml"
    overlay.write_text('[scheme]\nid = "x"\nname = "X"\n', encoding="utf-8")
    visits = pl.read_parquet(sample_data / "visits" / "2026-10.parquet").head(30)
    items = pl.read_parquet(sample_data / "visit_items" / "2026-10.parquet")
    stays = pl.read_parquet(sample_data / "stays" / "2026-10.parquet").head(30)
    stay = drgpay.Stay("A01.000", 1, 30)
    groups = drgpay.group_stays(stays, scheme)
    batch = stays.to_arrow().combine_chunks().to_batches()[0]
    return {
        "compiled": drgpay.load_scheme("chs-drg-2.0"),
        "batch": batch,
        "given": batch.schema,
        "stays": stays,
        "grouped": groups.join(stays, on="case_id"),
        "official": groups,
        "visits": visits,
        "items": items.join(visits, on="visit_id", how="semi"),
        "scheme": scheme,
        "before": scheme,
        "after": scheme,
        "policy": sample_data / "policy.toml",
        "hospitals": sample_data / "hospitals.csv",
        "catalogue": drgpay.load_catalogue(sample_data / "catalogue", scheme),
        "enrolment": sample_data / "enrolment.csv",
        "overlay": drgpay.load_overlay(overlay),
        "overlays": overlay,
        "stay": stay,
        "result": drgpay.explain_stay(stay, scheme),
        "case_id": stays["case_id"][0],
        "period": "2026-10",
        "values": {"settlement.prepay_ratio": "0.9"},
        "scenarios": {"name": "x"},
    }


_OF_VISITS = ("group_visits", "settle_visits", "calibrate_visits", "load_visit_scheme")
_BY_NAME = ("check_overlay", "apply_overlay", "check_scheme", "export_scheme")
_SMALL = {"stays": 10, "history_months": 1, "history_stays": 200, "visits": None}


def _given(name: str, right: dict[str, Any], sample_data: Path, tmp_path: Path) -> dict[str, Any]:
    """The arguments that a function must have."""
    given = {
        parameter.name: right.get(parameter.name, "nowhere")
        for parameter in inspect.signature(getattr(drgpay, name)).parameters.values()
        if parameter.default is inspect.Parameter.empty
    }
    if name in _OF_VISITS and "scheme" in given:
        given["scheme"] = "open-apg-1"
    if name in _BY_NAME:
        given["scheme"] = "nowhere"
    if name in ("keep_runs", "publish_runs"):
        given["runs"] = ["nowhere"]
    if name == "forget_runs":
        given["before"] = "2026-10-01"
    if name == "run_batch":  # else it takes no job, and says so after looking at the others
        given["jobs"] = []
    if name == "settle_visits":
        given["catalogue"] = sample_data / "visit_catalogue"
    if name in ("save_simulation", "simulation_tables"):
        region = shutil.copytree(
            sample_data, tmp_path / "region", ignore=shutil.ignore_patterns("*history")
        )
        given["simulation"] = drgpay.simulate_scenarios([], job=region / "2026-10.toml")
    if name in ("scenario_amounts", "amount_tables"):
        region = shutil.copytree(
            sample_data, tmp_path / "region", ignore=shutil.ignore_patterns("*history")
        )
        base = drgpay.open_base(job=region / "2026-10.toml")
        amounts = drgpay.scenario_amounts({"name": "x"}, base=base)
        given |= {"base": base} if name == "scenario_amounts" else {"amounts": amounts}
    if name in ("save_transition", "transition_tables"):
        file = transition_file(small_history(sample_data, tmp_path / "history"))
        given["transition"] = drgpay.compare_over_history(file)
    if name == "supervise_runs":
        given |= {"given": "nowhere.toml", "lookback": []}
    if name in ("decide_clues", "explain_clue"):
        named: dict[str, Any] = {
            "folder": "nowhere",
            "clue_id": "nothing",
            "decisions": "nowhere.csv",
        }
        named |= {"deductions": "nowhere.csv", "on": None, "out": "out", "accept_refused": False}
        given |= {one: value for one, value in named.items() if one in given}
    if name in ("save_supervision", "supervision_tables"):
        paid = paid_month(sample_data, tmp_path / "region")
        given["supervision"] = drgpay.supervise_runs(paid.run)
    if name == "shadow_months":
        given |= {"runs": ["nowhere"], "jobs": ["nowhere.toml"], "scheme": "nowhere"}
        given["catalogue"] = "nowhere"
    if name in ("save_shadow", "shadow_tables"):
        paid = paid_month(sample_data, tmp_path / "region")
        given["shadow"] = drgpay.shadow_months([paid.run], [paid.job], paid.other, paid.catalogue)
    return given | (_SMALL if name == "make_sample" else {})


@pytest.mark.parametrize("name", spread(FUNCTIONS, 10))
def test_only_a_drgpay_error_comes_of_any_value(
    name: str,
    right: dict[str, Any],
    sample_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    function, given = getattr(drgpay, name), _given(name, right, sample_data, tmp_path)
    for parameter in inspect.signature(function).parameters:
        for said, value in (_NEVER | _SOMETIMES).items():
            told = None
            try:
                function(**{**given, parameter: value})
            except drgpay.DrgpayError as error:
                told = error
            except Exception as error:
                pytest.fail(f"{name}({parameter} = {said}): {type(error).__name__}: {error}")
            if said in _NEVER:
                assert told and told.problem.startswith(f"{name}: {parameter} is "), told
                assert told.remedy.startswith("give ")


def test_the_sentence(right: dict[str, Any]) -> None:
    rest = [right[one] for one in ("scheme", "policy", "catalogue", "hospitals", "period")]
    with pytest.raises(drgpay.DrgpayError) as told:
        drgpay.settle_month([1, 2], *rest)  # type: ignore[arg-type]
    assert str(told.value) == (
        "settle_month: stays is of the type list; give a text, a path, a polars frame or a lazy "
        "frame of polars."
    )
    with pytest.raises(drgpay.DrgpayError, match="language is a text that is none of these; give "):
        drgpay.settle_month(right["stays"], *rest, language="fr")  # type: ignore[arg-type]


@pytest.mark.parametrize("field", [field.name for field in fields(drgpay.Stay)])
def test_a_stay_of_wrong_facts(right: dict[str, Any], field: str) -> None:
    for value in (object(), ["A01.000"], b"x"):
        changed: dict[str, Any] = {field: value}
        stay = replace(right["stay"], **changed)
        with pytest.raises(drgpay.DrgpayError, match=f"^Stay: {field} is of the type .*; give "):
            drgpay.explain_stay(stay, right["scheme"])


@pytest.mark.parametrize("field", [field.name for field in fields(drgpay.Choices)])
def test_choices_of_wrong_types(right: dict[str, Any], field: str) -> None:
    for value in (object(), "x", None):
        changed: dict[str, Any] = {field: value}
        choices = replace(drgpay.Choices(), **changed)
        with pytest.raises(drgpay.DrgpayError, match=f"{field} is"):
            drgpay.propose_overlay(right["stays"], right["scheme"], choices)


def test_numbers_of_numpy_are_numbers_and_true_is_none() -> None:
    @checked
    def counted(rows: int, share: float = 0.5) -> int:
        return rows

    three: Any = np.int64(3)
    assert counted(three, np.float64(0.1)) == 3
    for wrong in (True, 1.0, "3"):
        with pytest.raises(drgpay.DrgpayError, match="rows is"):
            counted(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        counted()  # type: ignore[call-arg]
