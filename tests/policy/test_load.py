"""The policy file: everything wrong in it is said, with the path of its key."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.load import load_policy, shipped_policies
from drgpay.policy.records import Findings
from drgpay.settle.budget import annual_reserve_fen, month_budget_fen

ROOT = Path(__file__).resolve().parents[2]
ILLUSTRATIVE = (ROOT / "policies" / "illustrative.toml").read_text(encoding="utf-8")


def test_shipped_policies_load() -> None:
    assert shipped_policies() == ["illustrative", "zhejiang-2019-core"]
    for name in shipped_policies():
        assert load_policy(name).policy.policy.id == name


def test_only_sourced_values_are_verified() -> None:
    for name in shipped_policies():
        for path, about in load_policy(name).provenance.items():
            assert about.source or not about.verified, path


def test_provenance_stands_beside_the_value() -> None:
    loaded = load_policy("zhejiang-2019-core")
    assert loaded.policy.points.readmission.days == 15
    about = loaded.provenance["points.readmission.days"]
    assert about.verified
    assert "21号" in about.source


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    text = ILLUSTRATIVE.replace("prepay_ratio = 0.97", "prepay_ratio = 0.9700")
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    policy = load_policy(tmp_path / "p.toml").policy
    assert policy.settlement.prepay_ratio == Decimal("0.97")
    assert policy.points.bed_days[1].points_per_day == Decimal("2.36182972")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("prepay_ratio = 0.97", "prepay = 0.97", "the key settlement.prepay is unknown"),
        ("prepay_ratio = 0.97", "", "the key settlement.prepay_ratio is missing"),
        ("prepay_ratio = 0.97", "prepay_ratio = 1.5", "settlement.prepay_ratio is wrong"),
        ("prepay_ratio = 0.97", 'prepay_ratio = "much"', "settlement.prepay_ratio is wrong"),
        ('method = "residual"', 'method = "rest"', "the key settlement.method is wrong"),
        ("employee = 300000000.00", "employee = 0", "budget.annual_yuan.employee is wrong"),
        ("employee = 300000000.00", "employe = 300000000.00", "does not list the account employe"),
        ("low = 0.01", "low = 0.01, hihg = 1", "the key calibration.trim.hihg is unknown"),
        ("hospital_weight = 0.6", "hospital_weight = 0.7", "must add up to 1"),
        ("points_per_day = 3.5", "days = 3.5", "points.bed_days.0.days is unknown"),
        ('duplicate_id = "reject"', 'duplicate_id = "ignore"', "records.severity.duplicate_id"),
        ('line_without_visit = "reject"', 'line_without_visit = "warn"', "line_without_visit"),
        (
            "prepay_ratio = 0.97",
            "prepay_ratio = { value = 0.97, verfied = true }",
            "the key settlement.prepay_ratio.verfied is unknown",
        ),
        ('"2026-02" = {', '"2026-13" = {', "the key budget.month_yuan.2026-13"),
        ("min_cost_yuan = 5", "min_cost_yuan = 0", "calibration.min_cost_yuan is wrong"),
        ("[settlement]", "[settlement", "is not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in ILLUSTRATIVE
    path = tmp_path / "mine.toml"
    path.write_text(ILLUSTRATIVE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"mine\.toml") as caught:
        load_policy(path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("budget.month_yuan", '"2026-02" = {', '"2026-02" = { army = 1,'),
        ("outpatient.settlement.merged_accounts", "= []", '= [["employee", "army"]]'),
        ("outpatient.budget.annual_yuan", "annual_yuan = {", "annual_yuan = { army = 1,"),
        (
            "outpatient.budget.month_yuan",
            "months =",
            'month_yuan = { "2026-02" = { army = 1 } }\nmonths =',
        ),
        ("outpatient.capitation.rates", 'account = "employee"', 'account = "army"'),
    ],
)
def test_accounts_that_the_records_cannot_have(
    tmp_path: Path, key: str, old: str, new: str
) -> None:
    section = f"[{key.rpartition('.')[0]}]"
    before, after = ILLUSTRATIVE.split(section)
    if "merged" in key:
        old, new = f"merged_accounts {old}", f"merged_accounts {new}"
    assert old in after
    path = tmp_path / "mine.toml"
    path.write_text(before + section + after.replace(old, new, 1), encoding="utf-8")
    words = f"records.accounts does not list the account army, which {re.escape(key)} names"
    with pytest.raises(DrgpayError, match=words):
        load_policy(path)


def test_visits_have_a_budget_of_their_own() -> None:
    policy = load_policy("illustrative").policy
    assert policy.budget_key == "budget"
    assert policy.for_outpatient().budget_key == "outpatient.budget"
    assert policy.outpatient is not None
    assert policy.for_outpatient().budget == policy.outpatient.budget


def test_findings_that_older_policies_lack_need_not_be_named(tmp_path: Path) -> None:
    named = [key for key in Findings.model_fields if f"{key} = " in ILLUSTRATIVE]
    assert named == list(Findings.model_fields)
    later = (
        "visit_without_lines = |lines_differ_from_cost = |unknown_contractor = |"
        "line_without_visit = |duplicate_line = |zero_amount = |joined_codes = |"
        "implausible_amount = |length_range = |length_differs = |length_differs_bed_day = |"
        "duplicate_stay = |overlapping_stay = |repeated_principal = |principal_not_allowed = |"
        "procedure_without_part = "
    )
    text, lines = re.subn(rf"^({later}).*\n", "", ILLUSTRATIVE, flags=re.MULTILINE)
    assert lines == 16
    (tmp_path / "older.toml").write_text(text, encoding="utf-8")
    older = load_policy(tmp_path / "older.toml").policy
    assert older == load_policy("illustrative").policy


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = ILLUSTRATIVE.replace("value_places = 4", "places = 4").replace("days = 10", "days = -1")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DrgpayError) as caught:
        load_policy(path)
    for words in ("settlement.places", "settlement.value_places", "points.readmission.days"):
        assert words in str(caught.value)


def test_unknown_policy() -> None:
    with pytest.raises(DrgpayError, match=r"there is no policy .nowhere-2020"):
        load_policy("nowhere-2020")


def _with_budget(tmp_path: Path, budget: str) -> Path:
    """The policy with another [budget]."""
    before, _, after = ILLUSTRATIVE.partition("[budget]")
    path = tmp_path / "mine.toml"
    path.write_text(
        f"{before}[budget]\n{budget}\n[clearing]{after.partition('[clearing]')[2]}", "utf-8"
    )
    return path


MONTH = '[budget.month_yuan]\n"2026-10" = { employee = 100.00, resident = 50.00 }'


def test_months_alone_are_a_budget(tmp_path: Path) -> None:
    budget = load_policy(_with_budget(tmp_path, MONTH)).policy.budget
    assert budget is not None
    assert month_budget_fen(budget, "resident", Period.parse("2026-10")) == 50_00
    assert annual_reserve_fen(budget, "resident") == 0
    with pytest.raises(DrgpayError, match="no budget for the account resident"):
        month_budget_fen(budget, "resident", Period.parse("2026-11"))


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("", "give annual_yuan, or the single months in month_yuan"),
        ("reserve_ratio = 0.05", "give annual_yuan, or the single months in month_yuan"),
        (
            "annual_yuan = { employee = 9 }",
            "reserve_ratio and months are missing beside annual_yuan",
        ),
        (
            'annual_yuan = { employee = 9 }\nmonths = { rule = "equal" }\n' + MONTH,
            "reserve_ratio is missing beside annual_yuan",
        ),
    ],
)
def test_what_a_budget_lacks(tmp_path: Path, budget: str, said: str) -> None:
    with pytest.raises(DrgpayError, match="budget") as raised:
        load_policy(_with_budget(tmp_path, budget))
    assert said in str(raised.value)


def test_capitation_needs_to_know_how_the_months_share_it(tmp_path: Path) -> None:
    before, _, after = ILLUSTRATIVE.partition("[outpatient.budget]")
    rest = after.partition("[outpatient.capitation]")[2]
    path = tmp_path / "mine.toml"
    month = MONTH.replace("[budget", "[outpatient.budget")
    path.write_text(f"{before}{month}\n[outpatient.capitation]{rest}", "utf-8")
    with pytest.raises(
        DrgpayError, match=r"budget\.months is missing: the months share the capitation"
    ):
        load_policy(path)
    path.write_text(f"{before}{month}\n", "utf-8")
    outpatient = load_policy(path).policy.outpatient
    assert outpatient is not None
    assert outpatient.budget is not None


SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "policy.toml"


def changed_sample(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = SAMPLE.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_wrong_key_is_told_with_what_was_meant(tmp_path: Path) -> None:
    path = changed_sample(
        tmp_path, ("low_ratio =", "low_ration ="), ("hospital_weight =", "hospital_wait =")
    )
    with pytest.raises(DrgpayError) as raised:
        load_policy(path)
    said = str(raised.value)
    assert str(path) in said
    assert "low_ration is unknown (is low_ratio meant?)" in said
    assert "hospital_wait is unknown (is hospital_weight meant?)" in said


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("85", "(given: 85; is 0.85 meant?)"),
        ("97.5", "(given: 97.5; is 0.975 meant?)"),
        ("100", "(given: 100; is 1 meant?)"),
        ("850", "(given: 850)"),
        ("-1", "(given: -1)"),
    ],
)
def test_a_share_in_percent_is_asked_about(tmp_path: Path, given: str, told: str) -> None:
    line = next(
        line for line in SAMPLE.read_text(encoding="utf-8").splitlines() if "prepay_ratio" in line
    )
    with pytest.raises(DrgpayError) as raised:
        load_policy(changed_sample(tmp_path, (line, f"prepay_ratio = {given}")))
    assert "settlement.prepay_ratio is wrong: Input should be" in str(raised.value)
    assert told in str(raised.value)


def test_the_nearest_policy_is_named_without_the_folder_of_the_job() -> None:
    with pytest.raises(DrgpayError) as raised:
        load_policy("/work/region/zhejiang-2019-cor")
    assert str(raised.value).startswith(
        "there is no policy 'zhejiang-2019-cor'; is zhejiang-2019-core meant?"
    )


def test_a_file_of_mistakes_is_a_sentence(tmp_path: Path) -> None:
    many = "".join(f"key{n} = '{'x' * 1000}'\n" for n in range(1000))
    path = changed_sample(tmp_path, ("[policy]\n", f"[policy]\n{many}"))
    with pytest.raises(DrgpayError, match="and 980 more") as raised:
        load_policy(path)
    assert len(str(raised.value)) < 3000
