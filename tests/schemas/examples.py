"""A file of each kind with all its forms, for tests to change."""

from typing import Final

from drgpay.schemas.files import Kind
from tests.schemas.keep import ROOT

_JOB = """
period = "2026-10"
scheme = "chs-drg-2.0"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
corrects = "runs/2026-10"

[inputs]
stays = "stays.csv"
hospitals = "hospitals.csv"
mapping = "settlement-list"
clinical_codes = true
ignore = ["*.bak"]

[[inputs.previous]]
run = "runs/2026-09"
stays = "stays-9.csv"
k = { employee = 1.25, resident = "0.5" }

[outpatient]
visits = "visits.csv"
items = "items.csv"
scheme = "open-apg-1"
catalogue = "visit_catalogue"

[[accepted]]
code = "unknown_level"
hospital = "H1"
yuan = 53749.00
by = "Li Na"
"""
_YEAR = """
year = 2026
scheme = "chs-drg-2.0"
catalogue = "catalogue"
policy = "policy.toml"
readmissions_across_months = true

[output]
folder = "runs"
group = "drg"

[inputs]
hospitals = "hospitals.csv"
stays = "stays"

[[months]]
period = "2026-01"
run = "runs/1"
corrections = ["runs/1-again"]

[previous]
run = "runs/2025"
stays = "stays-2025"
"""
_SCENARIO = """
name = "low"
scheme = "chs-drg-1.1"
overlay = ["split.toml"]

[base]
job = "2026-10.toml"
run = "runs/1"

[policy]
points.low_ratio = 0.35
"points.tcm" = { groups = ["ES11"], uplift = 0.1, max_points = 20 }

[budget]
annual_yuan = { employee = 90000000 }
times = 1.03

[recalibrate]
history = "history"

[hospitals.H1]
level = "3A"

[[volume]]
hospital = "H1"
times = 1.1

[[sweep]]
path = "points.low_ratio"
from = 0.3
to = 0.5
step = 0.1

[target]
path = "budget.times"
from = 0.9
to = 1.1
places = 3
hospital = "H1"
within = 0.01
"""
_MAPPING = """
name = "ours"
missing = ["-"]

[csv]
delimiter = ";"

[dates]
formats = ["%d.%m.%Y"]

[columns]
case_id = "id"
age = ["A14", "age"]
sex = { from = "sex", values = { "m" = 1, "f" = 2 }, others = "keep" }
out_of_area = { default = false }
total_cost = { sum = ["a", "b"] }

[diagnoses]
columns = "d{n}"
count = 40

[procedures]
list = "p"
leave_out = { "x" = ["y"] }
"""
_TRANSITION = """
name = "2.0 to 3.0"
policy = "policy.toml"
hospitals = "hospitals.csv"

[old]
scheme = "chs-drg-2.0"
catalogue = "catalogue-2026"

[new]
scheme = "schemes/chs-drg-3.0"

[history]
stays = "history"
mapping = "settlement-list"
encoding = "gb18030"
ignore = ["*.bak"]

[shadow]
folders = ["runs/shadow/2026-12"]

[gate]
coverage_drop_points = { value = 0.5, source = "a letter", verified = false }
hospital_change_percent = 3
open_notes = 0
explanations = "explanations.csv"

[phase_in]
share_by_month = { "2027-01" = 0.25, "2028-01" = 1 }
"""
_RESPONSIBILITY = """
name = "2026"
year = "2026"

[tables]
counties = "counties.csv"
county_fund = "county_fund.csv"
pool_balances = "pool_balances.csv"
scores = "scores.csv"

[clearing]
run = "runs/2026"
case_counties = "case_counties.parquet"

[shares]
bands = { value = [{ up_to = 0.03, share = 0.2 }, { share = 0.5 }], source = "a draft", verified = false }
county_cap = 0.05
signed = true
base = "expected"

[shares.management]
neutral_score = 85

[cascade]
floor_months = 3
investments = { employee = 1000000.00 }

[adjustment]
design = "after"
fund = { employee = 2000000 }

[incentives]
use = "county_work"
"""
_EVALUATION = """
name = "2026"
year = "2026"
hospitals = "hospitals.csv"
clearing = "runs/2026"

[[months]]
run = "runs/2026-01"
stays = "stays/2026-01.parquet"

[[indicators]]
id = "cmi"
weight = 60
method = "percentile"

[[indicators]]
id = "grouped_rate"
weight = 40
method = "step"
steps = [{ least = 0.95, score = 100 }, { least = 0, score = 50 }]
source = "a draft"
verified = false

[money]
use = "factor"
form = "step"
bands = [{ score_from = 90, factor = 1 }, { score_from = 0, factor = 0.95 }]

[ranks]
draws = 200
"""
EXAMPLES: Final[dict[Kind, str]] = {
    "job": _JOB,
    "year": _YEAR,
    "policy": (ROOT / "policies" / "illustrative.toml").read_text(encoding="utf-8"),
    "scenario": _SCENARIO,
    "mapping": _MAPPING,
    "transition": _TRANSITION,
    "responsibility": _RESPONSIBILITY,
    "evaluation": _EVALUATION,
}
