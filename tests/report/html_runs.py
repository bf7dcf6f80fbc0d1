"""Run folders for the tests of the HTML report, made up with Python's decimals alone."""

import json
import random
from collections import defaultdict
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.results.part import STAYS
from drgpay.results.tables import columns_by_table

Row = dict[str, Any]

HOSPITALS = {
    "H1": ("第一医院 <甲>", "3A"),
    "H2": ("第二医院", "2A"),
    "H3": ("卫生院", "1"),
    "H4": ("第二医院", "0"),
}
CLASSES = ["normal"] * 30 + ["low"] * 3 + ["high"] * 3
CLASSES += ["few_cases", "ambiguous", "ungrouped", "fee"]
_FEN = Decimal("0.01")
_MONEY, _POINTS = pl.Decimal(18, 2), pl.Decimal(18, 4)


def make_run(
    folder: Path,
    period: str = "2026-10",
    seed: int = 1,
    cases: int = 400,
    region: str = "试点市",
    classes: list[str] | None = None,
    **settlement: Any,
) -> Path:
    """A folder `<period>-<seed>` in the layout of docs/files.md with figures that balance."""
    chance = random.Random(seed)
    rules = {
        "method": "residual",
        "value_places": 4,
        "prepay_ratio": "0.85",
        "out_of_area": "same_price",
        **settlement,
    }
    stays = [_stay(chance, place, classes or CLASSES) for place in range(cases)]
    values, statements = [], []
    for account in ("employee", "resident"):
        value, lines = _settled(stays, account, rules)
        values.append(value)
        statements += lines
    for row in stays:
        del row["price"]
    path = folder / f"{period}-{seed:010x}"
    path.mkdir(parents=True)
    _write(stays, path / "cases.parquet")
    _write(values, path / "values.parquet")
    statements.sort(key=lambda row: (row["hospital_id"], row["account"], row["out_of_area"]))
    _write(statements, path / "statements.parquet")
    _write(_adjustments(chance, stays), path / "adjustments.parquet")
    _write(_ledger(values, statements, period), path / "ledger.parquet")
    manifest = _manifest(path.name, period, region, rules, len(stays))
    (path / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return path


def _stay(chance: random.Random, place: int, classes: list[str]) -> Row:
    hospital = chance.choices(list(HOSPITALS), [40, 30, 20, 1])[0]
    kind = chance.choice(classes)
    mean = Decimal(chance.randint(200_000, 3_000_000)).scaleb(-2)
    total = (mean * Decimal(chance.randint(5, 450)) / 100).quantize(_FEN)
    patient = (total * 3 / 10).quantize(_FEN)
    status = {"ambiguous": "ambiguous", "ungrouped": "ungrouped"}.get(kind, "grouped")
    points = Decimal(0) if kind == "fee" else Decimal(chance.randint(100_000, 3_000_000)).scaleb(-4)
    return {
        "case_id": f"C{place:05}",
        "hospital_id": hospital,
        "account": chance.choice(["employee", "resident"]),
        "out_of_area": chance.random() < 0.05,
        "payment": "item_by_item" if kind == "fee" else "points",
        "payment_unit": "fee" if kind == "fee" else "drg",
        "status": status,
        "drg": "0000" if status == "ungrouped" else f"AB{chance.randint(1, 60):02}",
        "case_class": kind,
        "bounds_mean": mean if kind in ("normal", "low", "high") else None,
        "points": points,
        "total_cost": total,
        "patient_cost": patient,
        "other_cost": Decimal("0.00"),
        "fund_cost": total - patient,
    }


def _settled(stays: list[Row], account: str, rules: Row) -> tuple[Row, list[Row]]:
    mine = [row for row in stays if row["account"] == account]
    inside = [row for row in mine if row["payment"] == "points" and not row["out_of_area"]]
    budget = (_sum(inside, "fund_cost") * Decimal("0.95")).quantize(_FEN)
    points, patient, other = (_sum(inside, key) for key in ("points", "patient_cost", "other_cost"))
    top = budget if rules["method"] == "fund_only" else budget + patient + other
    step = Decimal(1).scaleb(-rules["value_places"])
    value = (top / points).quantize(step, ROUND_DOWN) if points else None
    for row in mine:
        row["price"] = value
    lines = defaultdict(list)
    for row in mine:
        lines[row["hospital_id"], row["out_of_area"], row["payment"]].append(row)
    statements = [_line(account, *key, rows, rules) for key, rows in sorted(lines.items())]
    paid = _sum([row for row in statements if row["in_pool"]], "fund_amount")
    return {
        "pool": account,
        "accounts": [account],
        "budget": budget,
        "from_home_funds": Decimal("0.00"),
        "total_cost": _sum(inside, "total_cost"),
        "patient_cost": patient,
        "other_cost": other,
        "points": points,
        "point_value": value,
        "fund_amount": paid,
        "remainder": budget - paid,
    }, statements


def _line(
    account: str, hospital: str, outside: bool, payment: str, rows: list[Row], rules: Row
) -> Row:
    for row in rows:
        by_item = payment == "item_by_item"
        standard = row["total_cost"] if by_item else row["points"] * (row["price"] or 0)
        row["standard_amount"] = standard.quantize(_FEN)
    if payment == "points":
        # The line is rounded as a whole; its last case takes what the others' rounding leaves.
        whole = (_sum(rows, "points") * (rows[0]["price"] or 0)).quantize(_FEN)
        rows[-1]["standard_amount"] += whole - _sum(rows, "standard_amount")
    for row in rows:
        kept = 0 if rules["method"] == "fund_only" else row["patient_cost"] + row["other_cost"]
        by_points = row["standard_amount"] - kept
        row["fund_amount"] = by_points if payment == "points" else row["fund_cost"]
    sums = ("points", "total_cost", "standard_amount", "patient_cost", "other_cost")
    fund, cost = _sum(rows, "fund_amount"), _sum(rows, "fund_cost")
    ratio = Decimal(rules["prepay_ratio"])
    prepaid = Decimal(0) if outside or fund < 0 else (fund * ratio).quantize(_FEN)
    return {
        "hospital_id": hospital,
        "name": HOSPITALS[hospital][0],
        "level": HOSPITALS[hospital][1],
        "account": account,
        "out_of_area": outside,
        "payment": payment,
        "pool": account,
        "in_pool": payment == "points" and not outside,
        "cases": len(rows),
        "point_value": rows[0]["price"] if payment == "points" else None,
        **{key: _sum(rows, key) for key in sums},
        "distributed": Decimal("0.00"),
        "fund_amount": fund,
        "fund_cost": cost,
        "difference": fund - cost,
        "deducted": Decimal("0.00"),
        "prepayment": prepaid,
        "home_fund_bill": fund if outside else Decimal("0.00"),
    }


def _adjustments(chance: random.Random, stays: list[Row]) -> list[Row]:
    kinds = [("readmission", "case", 9), ("review", "case", 7), ("up_coding", "hospital", 2)]
    return [
        {
            "case_id": row["case_id"],
            "hospital_id": row["hospital_id"],
            "applies_to": applies,
            "kind": kind,
            "points": Decimal(-chance.randint(1, 900_000)).scaleb(-4),
            "standard_amount": Decimal("-12.34") if applies == "hospital" else None,
        }
        for kind, applies, number in kinds
        for row in chance.sample(stays, min(number, len(stays)))
    ]


def _ledger(values: list[Row], statements: list[Row], period: str) -> list[Row]:
    booked = [
        (row["pool"], "prepayment", row["hospital_id"], "hospital", "fund", row["prepayment"])
        for row in statements
        if row["in_pool"]
    ]
    booked += [
        (row["pool"], "remainder", None, "rounding", "fund", row["remainder"]) for row in values
    ]
    keys = ("pool", "kind", "hospital_id", "debit", "credit", "amount")
    return [
        {"entry": entry, "period": period, **dict(zip(keys, row, strict=True))}
        for entry, row in enumerate(booked, start=1)
    ]


def _manifest(run_id: str, period: str, region: str, rules: Row, cases: int) -> Row:
    return {
        "run": run_id,
        "basis_sha256": "4" * 64,
        "kind": "month",
        "program": "drgpay 0.1.0",
        "period": period,
        "scheme": {"id": "made-up", "sha256": "5" * 64},
        "catalogue": {"name": "catalogue", "sha256": "6" * 64},
        "policy": {
            "id": "trial",
            "sha256": "7" * 64,
            "parameters": {
                "policy": {"id": "trial", "name": "试点政策", "region": region, "year": 2026},
                "points": {
                    "low_ratio": "0.4",
                    "high_bands": [
                        {"ratio": "2", "base_points_from": "100", "levels": ["3A"], "accounts": []},
                        {"ratio": "3", "base_points_from": "0", "levels": [], "accounts": []},
                    ],
                },
                "settlement": rules,
            },
            "unverified": ["points.low_ratio"],
        },
        "inputs": {
            "stays": [{"file": "stays.parquet", "rows": cases + 2, "sha256": "8" * 64}],
            "mapping": None,
            "encoding": None,
            "clinical_codes": False,
            "hospitals": {"file": "hospitals.csv", "sha256": "9" * 64},
        },
        "corrects": None,
        "counts": {"read": cases + 2, "valid": cases, "quarantined": 2, "warnings": 1},
        "outputs": {},
        "seconds": {},
    }


def _sum(rows: list[Row], key: str) -> Decimal:
    return sum((row[key] for row in rows), Decimal("0.00"))


def _write(rows: list[Row], path: Path) -> None:
    points = {"points", "point_value"}
    names = rows[0].keys() if rows else ()
    decimals = {
        name: _POINTS if name in points else _MONEY
        for name in names
        if any(isinstance(row[name], Decimal) for row in rows)
    }
    frame = pl.DataFrame(rows, schema_overrides=decimals, infer_schema_length=None)
    declared = columns_by_table(STAYS, False, 4)[path.stem]
    # What no report reads has no value.
    rest = [column.name for column in declared if column.former is None]
    empty = [pl.lit(None).alias(name) for name in rest if name not in frame.columns]
    frame.with_columns(*empty, negative_fund=None).write_parquet(path)
