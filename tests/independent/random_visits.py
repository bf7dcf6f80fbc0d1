"""Random regions of visits: refunds of all kinds, zero lines, pharmacies, procedures without price."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.points.catalogue import COEFFICIENT_SCHEMA, GROUP_SCHEMA, Catalogue, CatalogueInfo
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from tests.small_apg import TOML, write_small_apg

from .policies import changed
from .random_runs import BASE
from .recomputation.visits import Charge, Group, PlainVisit, Prices

ITEMS: dict[tuple[str, str], Group] = {
    ("P11", "procedure"): Group("PROC", "PA", "PA1"),
    ("P12", "procedure"): Group("PROC", "PA", "PA2"),
    ("P21", "treatment"): Group("PROC", "PB", "PB1"),
    ("P22", "procedure"): Group("PROC", "PB", "PB2"),
    ("P31", "procedure"): Group("PROC", "PC", "PC1"),
    ("A11", "lab"): Group("ANC", "AA", "AA1"),
    ("A12", "lab"): Group("ANC", "AA", "AA2"),
    ("A21", "imaging"): Group("ANC", "AB", "AB1"),
    ("X11", "drug"): Group("DRUG", "DA", "DA1"),
    ("X12", "drug"): Group("DRUG", "DA", "DA2"),
    ("X13", "drug"): Group("DRUG", "DA", "DA3"),
    ("X11", "material"): Group("DRUG", "DB", "DB1"),
    ("F11", "fee"): Group("INC", "IA", "IA1"),
    ("F12", "fee"): Group("INC", "IA", "IA1"),
}
"""By code and kind: X11 is a drug and a material, two items."""
SOLD = [item for item in ITEMS if item[1] in ("drug", "material")]
MEDICAL = {"I10.x00": Group("MED", "MA", "MA1"), "J00.x00": Group("MED", "MB", "MB1")}
PACKAGED = {"AB", "DA2", "DB"}
APGS = sorted({group.apg for group in (*ITEMS.values(), *MEDICAL.values())})
HOSPITALS = {"H1": "3A", "H2": "2A", "H3": "1", "P1": "0", "P2": "1"}
PHARMACIES = ("P1", "P2")
CONTRACTORS = ("H1", "H2", "C9", "X", None)
ENROLLED = [("C9", "employee"), ("H1", "employee"), ("H1", "resident"), ("H2", "resident")]
"""C9 is no provider; the enrolment does not name X at all."""
PERIOD, VISITS = "2026-10", 70
_CLASSES = ("PROC", "MED", "ANC", "DRUG", "INC")


@dataclass(frozen=True)
class RandomVisits:
    """A region: its policy, prices, visits with their lines, and what only settlement needs."""

    policy: Policy
    prices: Prices
    visits: list[PlainVisit]
    rows: dict[str, dict[str, Any]]

    @property
    def visits_frame(self) -> pl.DataFrame:
        """Visits as records, in any order."""
        money = dict.fromkeys(_AMOUNTS, pl.Decimal(18, 2))
        schema = money | {"contractor_id": pl.String()}
        frame = pl.DataFrame(list(self.rows.values()), schema_overrides=schema)
        return frame.sample(fraction=1, shuffle=True, seed=1)

    @property
    def items_frame(self) -> pl.DataFrame:
        """Lines as records, in any order."""
        lines = [
            (visit.visit_id, line.item_code, line.item_kind, float(line.quantity), line.amount)
            for visit in self.visits
            for line in visit.charges
        ]
        schema = {
            **dict.fromkeys(("visit_id", "item_code", "item_kind"), pl.String()),
            "quantity": pl.Float64(),
            "amount": pl.Decimal(18, 2),
        }
        frame = pl.DataFrame(lines, schema=schema, orient="row")
        return frame.sample(fraction=1, shuffle=True, seed=2)


_AMOUNTS = ("total_cost", "fund_cost", "patient_cost", "other_cost")


def write_scheme(folder: Path) -> Path:
    """The scheme of ITEMS and MEDICAL."""
    groups = [*dict.fromkeys(ITEMS.values()), *MEDICAL.values()]
    families = {group.family: group.group_class for group in groups}
    sets = ["set,code", "S_MATERIAL,material", "S_MA1,I10*"]
    for (code, kind), group in ITEMS.items():
        if kind != "material":
            names = dict.fromkeys(f"S_{name}" for name in vars(group).values())
            sets += [f"{name},{code}" for name in names]
    said = {"DB": "XMLB in S_MATERIAL", "MA": "ZYZD in S_MA1", "MB": "", "INC": "1", "MED": "1"}
    said["DRUG"] = '"XMLB in S_MATERIAL or XM in S_DRUG"'
    tables = {
        "mdc": [
            "sort,mdc,name,rule",
            *(
                f"{place},{name},{name},{said.get(name, f'XM in S_{name}')}"
                for place, name in enumerate(_CLASSES, 1)
            ),
        ],
        "adrg": [
            "sort,mdc,adrg,name,rule",
            *(
                f"{1 + (family != 'DB')},{of_class},{family},{family},"
                f"{said.get(family, f'XM in S_{family}')}"
                for family, of_class in families.items()
            ),
        ],
        "drg": [
            "sort,adrg,drg,name,rule",
            *(
                f"1,{group.family},{group.apg},{group.apg},"
                + ("" if group.family in ("DB", "MA", "MB") else f"XM in S_{group.apg}")
                for group in groups
            ),
        ],
        "sets": [*dict.fromkeys(sets)],
        "packaging": ["apg", *sorted(PACKAGED)],
    }
    return write_small_apg(folder, tables, toml=TOML.replace("small-apg", "random-apg"))


def random_visits(number: int) -> RandomVisits:
    """The region of a number."""
    rng = random.Random(f"lines {number}")
    visits, rows = [], {}
    for place in range(VISITS):
        visit = _visit(rng, f"V{rng.randint(0, 99):02d}{place:03d}")
        visits.append(visit)
        rows[visit.visit_id] = _row(rng, visit)
    return RandomVisits(_policy(rng, rows.values()), _prices(rng), visits, rows)


def _visit(rng: random.Random, visit_id: str) -> PlainVisit:
    hospital = rng.choice([*HOSPITALS])
    items = SOLD if hospital in PHARMACIES and rng.random() < 0.9 else [*ITEMS]
    charges: list[Charge] = []
    for code, kind in rng.choices(items, k=rng.randint(1, 6)):
        charges += _charges(rng, code, kind)
    rng.shuffle(charges)
    total = sum((line.amount for line in charges), Decimal(0))
    return PlainVisit(
        visit_id,
        HOSPITALS[hospital],
        hospital in PHARMACIES,
        rng.choice(["ordinary", "ordinary", "chronic", "special"]),
        total + 1
        if rng.random() < 0.05
        else total
        if rng.random() < 0.4
        else max(total, Decimal(0)),
        charges,
        MEDICAL[rng.choice([*MEDICAL])],
    )


def _charges(rng: random.Random, code: str, kind: str) -> list[Charge]:
    """Some lines of an item, often of the same amount, and what is refunded of them."""
    amounts = [
        rng.choice([Decimal(10), Decimal(20), Decimal(rng.randint(1, 30_000)) / 100])
        for _ in range(rng.randint(1, 3))
    ]
    whole = sum(amounts, Decimal(0))
    lines = [Charge(code, kind, Decimal(rng.randint(1, 3)), amount) for amount in amounts]
    if rng.random() < 0.08:
        lines.append(Charge(code, kind, Decimal(1), Decimal(0)))
    match rng.choice(["none"] * 6 + ["whole", "line", "part", "several", "below"]):
        case "whole":
            lines += [Charge(code, kind, -line.quantity, -line.amount) for line in lines]
        case "line":
            lines.append(Charge(code, kind, Decimal(-1), -rng.choice(amounts)))
        case "part":
            part = (whole * rng.randint(1, 99) / 100).quantize(Decimal("0.01"))
            lines.append(Charge(code, kind, Decimal(-1), -part))
        case "several":
            for _ in range(rng.randint(2, 3)):
                part = (whole * rng.randint(1, 50) / 150).quantize(Decimal("0.01"))
                lines.append(Charge(code, kind, Decimal(-2), -part))
            lines.append(Charge(code, kind, Decimal(1), Decimal(10)))
        case "below":
            lines.append(Charge(code, kind, Decimal(-1), -whole - Decimal("0.01")))
    # A refund of nothing would be a line of nothing.
    return [line for line in lines if line.amount or line.quantity > 0]


def _row(rng: random.Random, visit: PlainVisit) -> dict[str, Any]:
    total = visit.total_cost
    patient = (abs(total) * rng.randint(0, 8) / 10).quantize(Decimal("0.01"))
    other = Decimal(1) if total > 50 and rng.random() < 0.2 else Decimal(0)
    hospital = rng.choice([h for h, level in HOSPITALS.items() if _fits(h, level, visit)])
    (diagnosis,) = [code for code, group in MEDICAL.items() if group == visit.medical]
    return {
        "visit_id": visit.visit_id,
        "hospital_id": hospital,
        "person_id": f"M{rng.randint(1, 40)}",
        "account": rng.choice(["employee", "resident"]),
        "out_of_area": rng.random() < 0.1,
        "visit_date": date(2026, 10, rng.randint(1, 31)),
        "sex": rng.randint(1, 2),
        "age": rng.randint(1, 90),
        "department": "内科",
        "visit_type": visit.visit_type,
        "principal_diagnosis": diagnosis,
        "other_diagnoses": [],
        "contractor_id": rng.choice(CONTRACTORS),
        "total_cost": total,
        "fund_cost": total - patient - other,
        "patient_cost": patient,
        "other_cost": other,
    }


def _fits(hospital: str, level: str, visit: PlainVisit) -> bool:
    return level == visit.level and (hospital in PHARMACIES) == visit.pharmacy


def _prices(rng: random.Random) -> Prices:
    base = {
        apg: Decimal(rng.choice([rng.randint(0, 5_000_000), rng.randint(1, 3) * 100_000])) / 10_000
        for apg in APGS
    }
    # Some groups without base points, some that the catalogue does not have at all.
    without = {apg: rng.random() for apg in APGS}
    given = {
        apg: None if without[apg] < 0.15 else points
        for apg, points in base.items()
        if without[apg] < 0.85
    }
    coefficients = {
        (apg, level): Decimal(rng.randint(5_000, 20_000)) / 10_000
        for apg in ["", *given]
        for level in HOSPITALS.values()
        if rng.random() < 0.3
    }
    mean = Fraction(rng.randint(5_000_000, 9_000_000), rng.randint(300, 700) * 100)
    return Prices(mean, given, coefficients)


def catalogue_of(prices: Prices, scheme_id: str, scheme_hash: str) -> Catalogue:
    """The prices as drgpay holds them."""
    mean_fen = prices.all_mean * 100
    info = CatalogueInfo(
        id="random",
        kind="apg",
        scheme=scheme_id,
        scheme_hash=scheme_hash,
        policy=None,
        source="random",
        stays_read=mean_fen.denominator,
        stays_eligible=mean_fen.denominator,
        stays_trimmed=0,
        all_total_fen=mean_fen.numerator,
        all_cases=mean_fen.denominator,
        all_mean_yuan="1.00",
    )
    groups = [
        {"drg": apg, "stable": True, "base_points": None if base is None else _scaled(base)}
        for apg, base in sorted(prices.base.items())
    ]
    coefficients = [
        {"drg": apg or None, "level": level, "coefficient": _scaled(value)}
        for (apg, level), value in sorted(prices.coefficients.items())
    ]
    return Catalogue(
        info, pl.DataFrame(groups, GROUP_SCHEMA), pl.DataFrame(coefficients, COEFFICIENT_SCHEMA)
    )


def _scaled(value: Decimal) -> int:
    return int(value * 10_000)


def _policy(rng: random.Random, rows: Iterable[Mapping[str, Any]]) -> Policy:
    types = [
        {"visit_type": name, "payment": payment}
        for name, payment in zip(
            ("ordinary", "chronic", "special"),
            (
                "points",
                rng.choice(["points", "item_by_item"]),
                rng.choice(["points", "item_by_item"]),
            ),
            strict=True,
        )
    ]
    steps = ("consolidate", "discount_procedures", "package", "discount_repeats")
    annual = {
        account: str(sum(row["fund_cost"] for row in rows if row["account"] == account) * 12 + 9)
        for account in ("employee", "resident")
    }
    return changed(
        load_policy(BASE).policy,
        {
            **{f"outpatient.steps.{step}": rng.random() < 0.75 for step in steps},
            "outpatient.procedure_discount": str(rng.randint(0, 100) / 100),
            "outpatient.repeat_discount": str(rng.randint(0, 100) / 100),
            "outpatient.visit_types": types,
            "outpatient.pharmacy_visits": rng.choice(["drugs", "drugs", "visits"]),
            "outpatient.budget.annual_yuan": annual,
            "outpatient.settlement.out_of_area": rng.choice(["same_price", "pooled", "excluded"]),
            "outpatient.settlement.may_exceed_budget": True,
            "outpatient.calibration.trim": {"method": "none"},
            "outpatient.calibration.min_cost_yuan": rng.choice(["5", "20.01"]),
            "outpatient.calibration.stable_min_cases": 1,
            "outpatient.calibration.stable_max_cv": "99",
        },
    )
