"""Extra points for new technologies and Chinese medicine."""

from datetime import date
from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from tests.points.standard_stay import catalogue, earned, filings, final, reasons, rows, with_

ROBOT: dict[str, Any] = {
    "technology": "robot",
    "groups": ["G1"],
    "share_by_year": {"2026": "0.30", "2027": "0.20"},
    "filed": True,
}
FILED = filings(technologies=[{"case_id": "0", "technology": "robot"}])


def robot(**change: Any) -> Any:
    return with_(new_technologies=[{**ROBOT, **change}])


def test_another_technology_counts_for_every_case_of_its_groups_and_tapers() -> None:
    stays = [{}, {"settlement_date": date(2027, 1, 2)}, {"settlement_date": date(2028, 1, 2)}]
    result = earned(*stays, {"drg": "G9"}, points=robot(filed=False))
    assert final(result)[:3] == ["280.0000", "260.0000", "220.0000"]
    assert result.adjustments["case_id"].to_list() == ["0", "1"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settlement_date": date(2028, 1, 2)}, "no share in 2028"),
        ({"drg": "G2"}, "not applicable: G2 of class normal has no share"),
        ({"drg": None, "status": "ungrouped"}, "not applicable: - of class ungrouped"),
        ({"payment_unit": "fee"}, "not applicable: G1 of class fee"),
    ],
)
def test_a_filing_without_effect_leaves_a_row(change: dict[str, Any], words: str) -> None:
    of = catalogue({}, {"drg": "G2"})
    result = earned(change, points=robot(), of=of, filings=FILED)
    assert rows(result) == [("0", "new_technology", "case", "0.0000")]
    assert reasons(result.adjustments)[0].startswith(words)


@pytest.mark.parametrize(("technology", "filed"), [("laser", True), ("robot", False)])
def test_an_unknown_technology_is_refused(technology: str, filed: bool) -> None:
    found = filings(technologies=[{"case_id": "0", "technology": technology}])
    with pytest.raises(DrgpayError, match=f"the technology {technology} of the case 0"):
        earned(points=robot(filed=filed), filings=found)


@pytest.mark.parametrize(
    ("uplift", "most", "points"),
    [("0.05", 20, "231.0000"), ("0.05", "10.5", "230.5000"), ("0", 20, "220.0000")],
)
def test_chinese_medicine_is_lifted_up_to_a_limit(uplift: str, most: Any, points: str) -> None:
    rule = with_(tcm={"groups": ["G1"], "uplift": uplift, "max_points": most})
    result = earned({}, {"drg": "G2"}, points=rule, of=catalogue({}, {"drg": "G2"}))
    assert final(result) == [points, "200.0000"]
    assert result.adjustments["kind"].to_list() == ["tcm"]


def test_stays_without_group_are_not_lifted() -> None:
    rule = with_(tcm={"groups": ["G1", "G9"], "uplift": "0.05", "max_points": 20})
    stays = [{"payment_unit": "fee"}, {"drg": "G9"}]
    assert not earned(*stays, points=rule).adjustments.height
