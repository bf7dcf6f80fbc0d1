"""The words of `drgpay runs`; what a run's reports say too is said as they do."""

from drgpay.base.language import Language, Words
from drgpay.report import wording
from drgpay.report.tables import Say
from drgpay.report.visit_wording import visit_word

_WORDS: dict[str, Words] = {
    "runs": Words("运行一览", "Runs"),
    "facts": Words("运行信息", "The run"),
    "groups": Words("病组", "Groups"),
    "adjustments": Words("点数调整", "Adjustments"),
    "balances": Words("分类账余额（元）", "Balances of the ledger (yuan)"),
    "visit_values": Words("门诊点值", "Outpatient values"),
    "visit_hospitals": Words("门诊机构结算", "Outpatient providers"),
    "visit_classes": Words("就诊类别", "Kinds of visits"),
    "visit_groups": Words("门诊病组", "APGs"),
    "visit_entries": Words("门诊条目", "Outpatient entries"),
    "contractors": Words("签约机构包干账户", "Accounts of contractors"),
    "capitation_apart": Words("不计入包干账户的就诊", "Visits outside the accounts"),
    "capitation_tie_out": Words("与门诊预算核对", "Tie-out to the outpatient budget"),
    "visit_balances": Words("门诊分类账余额（元）", "Balances of the outpatient ledger (yuan)"),
    "answer": Words("查询结果", "Answer"),
    "kind": Words("类别", "Kind"),
    "kind_month": Words("月度预结算", "month"),
    "kind_visits": Words("门诊月度预结算", "visits"),
    "visits": Words("就诊人次", "Visits"),
    "kind_correction": Words("更正", "correction"),
    "kind_clearing": Words("年终清算", "clearing"),
    "method": Words("点值算法", "Method"),
    "residual": Words("扣除其他负担后由基金支付", "residual"),
    "fund_only": Words("仅按基金预算", "fund only"),
    "cost": Words("按总费用", "cost"),
    "program": Words("程序版本", "Program"),
    "language": Words("语言", "Language"),
    "value_places": Words("点值小数位", "Places of the value"),
    "corrects": Words("被更正的运行", "Corrects"),
    "read": Words("读取记录", "Read"),
    "valid": Words("有效记录", "Valid"),
    "quarantined": Words("未通过校验", "Quarantined"),
    "seconds": Words("用时（秒）", "Seconds"),
    "finished": Words("完成时间（UTC）", "Finished (UTC)"),
    "policy_sha256": Words("政策文件 sha256", "sha256 of the policy"),
    "scheme_sha256": Words("分组方案 sha256", "sha256 of the scheme"),
    "catalogue_sha256": Words("点数目录 sha256", "sha256 of the catalogue"),
    "stays_sha256": Words("病例文件 sha256", "sha256 of the stays"),
    "hospitals_sha256": Words("机构表 sha256", "sha256 of the hospitals"),
    "visit_scheme": Words("门诊分组方案", "Grouping scheme of visits"),
    "visit_catalogue": Words("门诊点数目录", "Catalogue of visits"),
    "visit_method": Words("门诊点值算法", "Method of visits"),
    "visit_value_places": Words("门诊点值小数位", "Places of the value of visits"),
    "visits_read": Words("读取就诊", "Visits read"),
    "visits_valid": Words("有效就诊", "Valid visits"),
    "visits_quarantined": Words("未通过校验就诊", "Quarantined visits"),
    "visit_warnings": Words("就诊提示", "Warnings on visits"),
    "lines_read": Words("读取明细", "Lines read"),
    "lines_valid": Words("有效明细", "Valid lines"),
    "lines_quarantined": Words("未通过校验明细", "Quarantined lines"),
    "line_warnings": Words("明细提示", "Warnings on lines"),
    "visit_scheme_sha256": Words("门诊分组方案 sha256", "sha256 of the scheme of visits"),
    "visit_catalogue_sha256": Words("门诊点数目录 sha256", "sha256 of the catalogue of visits"),
    "visits_sha256": Words("就诊文件 sha256", "sha256 of the visits"),
    "lines_sha256": Words("收费明细文件 sha256", "sha256 of the lines"),
    "enrolment_sha256": Words("签约人头表 sha256", "sha256 of the enrolment"),
    "visit_budget": Words("门诊基金预算（元）", "Budget of visits (yuan)"),
    "visit_points": Words("门诊点数", "Points of visits"),
    "visit_fund_amount": Words("门诊应付基金（元）", "Fund amount of visits (yuan)"),
    "visit_remainder": Words("门诊结余入风险金（元）", "Remainder of visits (yuan)"),
    "reason": Words("处理", "Reason"),
    "capitation": Words("包干总额（元）", "Capitation (yuan)"),
    "manifest_sha256": Words("运行清单 sha256", "sha256 of the manifest"),
    "pool": Words("基金池", "Pool"),
    "days": Words("住院天数", "Days"),
    "mdc": Words("MDC", "MDC"),
    "adrg": Words("ADRG", "ADRG"),
    "drg": Words("DRG", "DRG"),
    "applies_to": Words("作用于", "Applies to"),
    "case": Words("病例", "case"),
    "hospital": Words("医疗机构", "hospital"),
    "debit": Words("借方（元）", "Debit (yuan)"),
    "credit": Words("贷方（元）", "Credit (yuan)"),
    "balance": Words("余额（元）", "Balance (yuan)"),
    "fund": Words("基金", "fund"),
    "reserve": Words("风险金", "reserve"),
    "withheld": Words("暂扣", "withheld"),
    "rounding": Words("尾差", "rounding"),
    "fact": Words("项目", "Fact"),
    "a": Words("A", "A"),
    "b": Words("B", "B"),
    "value": Words("内容", "Value"),
    "_a": Words(" A", " A"),
    "_b": Words(" B", " B"),
    "_change": Words("变化", "Change"),
    "_change_rate": Words("变化率", "Change"),
    "shown_note": Words(
        "仅显示前 {shown:,} 行，共 {rows:,} 行；用 --format csv 可得到全部。",
        "The first {shown:,} of {rows:,} rows; --format csv gives them all.",
    ),
    "rebuilt": Words(
        "{path}：由运行文件夹重建，共 {runs} 次运行", "{path}: rebuilt from {runs} runs"
    ),
    "skipped": Words("跳过：{reason}", "skipped: {reason}"),
}

_CHANGES = ("_change_rate", "_change")


def word(key: str, language: Language) -> str:
    """The wording of a key; one without (a region's own name) stands for itself.

    What the reports of stays have no word for is called as those of visits call it.
    """
    if key in _WORDS:
        return _WORDS[key].said_in(language)
    known = wording.word(key, language)
    return visit_word(key, language) if known == key else known


def speaker(language: Language) -> Say:
    """The words of titles, columns and values."""

    def say(key: str) -> str:
        for suffix in (*_CHANGES, "_a", "_b"):
            if key.endswith(suffix):
                return _with_suffix(key.removesuffix(suffix), suffix, language)
        known = word(key, language)
        if known == key and word(f"class_{key}", language) != f"class_{key}":
            return word(f"class_{key}", language)
        return wording.level_name(key, language) if known == key else known

    return say


def plain_speaker(language: Language) -> Say:
    """The words around an answer to a query, whose columns are called as the query calls them."""
    around = ("answer", "shown_note", "total")
    return lambda key: word(key, language) if key in around else key


def _with_suffix(base: str, suffix: str, language: Language) -> str:
    """`应付基金 A（元）`, `变化（元）`, `变化率`: a change stands beside what has changed."""
    name, added = word(base, language), word(suffix, language)
    bracket = "（" if language == "zh" else " ("
    name, _, unit = name.partition(bracket)
    head = added if suffix in _CHANGES else f"{name}{added}"
    return head if suffix == "_change_rate" or not unit else f"{head}{bracket}{unit}"
