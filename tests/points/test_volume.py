"""Volume caps: the cases of a month beyond the cap."""

from datetime import date
from typing import Any

from tests.points.standard_stay import catalogue, earned, final, with_

CAP = {"groups": ["G1", "G2"], "cases_a_month": 2, "factor": "0.5"}
BOTH = catalogue({}, {"drg": "G2"}, {"drg": "G3"}, coefficients=[])


def settled(day: int, month: int = 10, **change: Any) -> dict[str, Any]:
    return {"settlement_date": date(2026, month, day), **change}


def test_hospitals_months_and_caps_count_apart() -> None:
    stays = [settled(9), settled(9, hospital_id="H2"), settled(9, month=11), settled(9, drg="G2")]
    caps = [{**CAP, "groups": ["G1"], "cases_a_month": 1}, {**CAP, "groups": ["G2"], "factor": 0}]
    assert final(earned(*stays, points=with_(volume_caps=caps), of=BOTH)) == ["200.0000"] * 4
    none = [{**CAP, "cases_a_month": 0}]
    assert final(earned(*stays, points=with_(volume_caps=none), of=BOTH)) == ["100.0000"] * 4


def test_only_grouped_stays_paid_by_drg_count() -> None:
    stays = [settled(1, payment_unit="fee"), settled(1, status="ungrouped"), settled(2), settled(3)]
    result = earned(*stays, points=with_(volume_caps=[CAP]), of=BOTH)
    assert not result.adjustments.height
