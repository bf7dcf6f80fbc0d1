"""The words of `drgpay runs`; what a run's reports say too is said as they do."""

from drgpay.language import Language, Words
from drgpay.report import wording
from drgpay.report.tables import Say

_WORDS: dict[str, Words] = {
    "runs": Words("运行一览", "Runs"),
    "facts": Words("运行信息", "The run"),
    "groups": Words("病组", "Groups"),
    "adjustments": Words("点数调整", "Adjustments"),
    "balances": Words("分类账余额（元）", "Balances of the ledger (yuan)"),
    "answer": Words("查询结果", "Answer"),
    "kind": Words("类别", "Kind"),
    "month": Words("月度预结算", "month"),
    "correction": Words("更正", "correction"),
    "clearing": Words("年终清算", "clearing"),
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
    """The wording of a key; one without (a region's own name) stands for itself."""
    return _WORDS[key].said_in(language) if key in _WORDS else wording.word(key, language)


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
