"""Headings and values of the calibration report, Chinese first."""

from drgpay.language import Language, Words
from drgpay.report.quality_tables import speaker
from drgpay.report.tables import Say

_WORDS: dict[str, Words] = {
    "calibration_title": Words("点数目录测算报告", "Calibration report"),
    "catalogue": Words("点数目录", "Catalogue"),
    "scheme": Words("分组方案", "Grouping scheme"),
    "policy": Words("政策", "Policy"),
    "source": Words("历史病例", "Stays"),
    "weights": Words("权重表", "Table of weights"),
    "trim_rule": Words("裁剪方法", "Trimming"),
    "all_mean": Words("全部病例次均费用（元）", "Mean over all (yuan)"),
    "shown_note": Words(
        "仅显示前 {shown:,} 行，共 {rows:,} 行；全部见目录下 report 文件夹。",
        "The first {shown:,} of {rows:,} rows; the catalogue's folder report has all.",
    ),
    # steps
    "steps": Words("病例取舍", "From stays read to stays kept"),
    "step": Words("步骤", "Step"),
    "read": Words("读取", "read"),
    "left_invalid": Words("− 未通过校验", "- not valid"),
    "left_unpaid": Words("− 无计费条目", "- nothing that is paid"),
    "left_fee": Words("− 按项目付费", "- paid item by item"),
    "left_bed_day": Words("− 按床日付费", "- paid by bed-days"),
    "left_not_grouped": Words("− 未入组或歧义组", "- ungrouped or ambiguous"),
    "left_incomplete": Words("− 住院过程不完整", "- incomplete"),
    "left_long": Words("− 住院天数超限", "- too long"),
    "left_cheap": Words("− 费用过低", "- too cheap"),
    "eligible": Words("= 可测算", "= eligible"),
    "trimmed_low": Words("− 裁剪：费用过低", "- trimmed, low"),
    "trimmed_high": Words("− 裁剪：费用过高", "- trimmed, high"),
    "kept": Words("= 测算病例", "= kept"),
    # tables
    "explained": Words("方案解释度", "Explained variance"),
    "r2_note": Words(
        "R² = 1 − 组内离差平方和 ÷ 总离差平方和（可测算病例；裁剪后为测算病例）。",
        "R² = 1 - squares within groups / squares in all, over eligible and over kept stays.",
    ),
    "marked": Words("需关注的病组", "Groups to look at"),
    "unstable": Words("非稳定组", "Unstable groups"),
    "high_cv": Words("CV > 1", "CV above 1"),
    "few_cases": Words("少于 5 例", "Fewer than 5 cases"),
    "emptied": Words("裁剪后无病例（不在目录中）", "All cases trimmed (not in the catalogue)"),
    "no_cases": Words("方案中无病例（不在目录中）", "Without a case (not in the catalogue)"),
    "groups_table": Words("病组", "Groups"),
    "missing": Words("无病例的病组", "Groups without a case"),
    "coefficients": Words("系数", "Coefficients"),
    "rows": Words("行数", "Rows"),
    "hospital_rows": Words("机构系数", "of hospitals"),
    "level_rows": Words("等级系数", "of levels"),
    "clamped_rows": Words("触及上下限", "at their bounds"),
    "neighbour_rows": Words("取自相邻等级", "of levels, from a neighbour"),
    "clamped": Words("触及上下限的系数", "Coefficients at their bounds"),
    "neighbours": Words("取自相邻等级的系数", "Coefficients from a neighbour"),
    "bed_days": Words("床日", "Bed-days"),
    # columns
    "drg": Words("病组", "Group"),
    "name": Words("病组名称", "Name"),
    "low_limit": Words("裁剪下限（元）", "Low limit (yuan)"),
    "high_limit": Words("裁剪上限（元）", "High limit (yuan)"),
    "trimmed_low_cases": Words("裁剪低费用", "Trimmed low"),
    "trimmed_high_cases": Words("裁剪高费用", "Trimmed high"),
    "trimmed_low_cost": Words("裁剪低费用（元）", "Trimmed low (yuan)"),
    "trimmed_high_cost": Words("裁剪高费用（元）", "Trimmed high (yuan)"),
    "kept_cases": Words("测算病例", "Kept"),
    "median_cost": Words("费用中位数（元）", "Median cost (yuan)"),
    "sd": Words("标准差（元）", "Standard deviation (yuan)"),
    "unstable_reason": Words("非稳定原因", "Why unstable"),
    "too_few_cases": Words("病例过少", "too few cases"),
    "too_high_cv": Words("变异系数过大", "CV too high"),
    "base_points": Words("基准点数", "Base points"),
    "coefficient": Words("系数", "Coefficient"),
    "level_part_from": Words("取自等级", "From level"),
    "level_factor": Words("乘以", "Times"),
    "bed_day_class": Words("床日类别", "Class"),
    "all_levels": Words("全部等级", "all"),
    "days": Words("天数", "Days"),
    "day_points": Words("每床日点数", "Points a day"),
    # published weights
    "published_title": Words("权重表转为点数目录", "Catalogue from published weights"),
    "without_weight": Words("方案中无权重的病组", "Groups of the scheme without weight"),
    "skipped": Words("未采用的行", "Rows left out"),
    "line": Words("行", "Line"),
    "reason": Words("原因", "Reason"),
    "not_in_scheme": Words("不在分组方案中", "not in the scheme"),
    "no_weight": Words("无权重", "no weight"),
    "imported": Words("导入", "Imported"),
    "weighted_groups": Words("有权重的病组", "Groups with a weight"),
    "unweighted_groups": Words("无权重的病组", "Groups without one"),
    "skipped_rows": Words("未采用的行", "Rows left out"),
    "coefficient_rows": Words("系数行", "Coefficients"),
}


# What is called otherwise where an entry of a visit stands in the place of a stay.
_OF_VISITS: dict[str, Words] = {
    "calibration_title": Words("门诊点数目录测算报告", "Calibration report of visits"),
    "source": Words("历史就诊", "Visits"),
    "all_mean": Words("全部就诊次均费用（元）", "Mean over all visits (yuan)"),
    "steps": Words("就诊与条目取舍", "From visits read to entries kept"),
    "steps_note": Words(
        "费用：就诊为其全部明细，条目（裁剪及测算）为一个计费单位。",
        "Cost: of visits all their lines, of entries (trimmed and kept) one unit each.",
    ),
    "left_not_grouped": Words("− 有明细未入组", "- a line without a group"),
    "eligible": Words("= 可测算", "= eligible"),
    "kept": Words("= 测算条目", "= kept"),
    "visits": Words("就诊", "Visits"),
    "entries": Words("条目", "Entries"),
    "lines": Words("明细", "Lines"),
    "lines_share": Words("明细占比", "Share"),
    "r2_note": Words(
        "R² = 1 − 组内离差平方和 ÷ 总离差平方和（可测算条目；裁剪后为测算条目）。",
        "R² = 1 - squares within groups / squares in all, over eligible and over kept entries.",
    ),
    "marked": Words("需关注的门诊组", "APGs to look at"),
    "groups": Words("组数", "APGs"),
    "groups_table": Words("门诊组", "APGs"),
    "few_cases": Words("少于 5 条", "Fewer than 5 entries"),
    "emptied": Words("裁剪后无条目（不在目录中）", "All entries trimmed (not in the catalogue)"),
    "no_cases": Words("无条目（不在目录中）", "Without an entry (not in the catalogue)"),
    "missing": Words("无条目的门诊组", "APGs without an entry"),
    "drg": Words("门诊组", "APG"),
    "name": Words("门诊组名称", "Name"),
    "cases": Words("条目", "Entries"),
    "cases_share": Words("条目占比", "Share"),
    "kept_cases": Words("测算条目", "Kept"),
    "too_few_cases": Words("条目过少", "too few entries"),
}


def calibration_speaker(language: Language, of_visits: bool = False) -> Say:
    """The words of the report; what it shares with other reports is called as there."""
    shared = speaker(language)
    words = _WORDS | _OF_VISITS if of_visits else _WORDS

    def say(key: str) -> str:
        return words[key].said_in(language) if key in words else shared(key)

    return say
