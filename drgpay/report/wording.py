"""Every word of a report, Chinese first, English by switch."""

from drgpay.language import Language, Words

_WORDS: dict[str, Words] = {
    "title": Words(
        "住院费用 DRG 点数法月度预结算汇总", "Monthly provisional settlement by DRG points: summary"
    ),
    "run": Words("运行编号", "Run"),
    "period": Words("结算期", "Period"),
    "region": Words("统筹区", "Region"),
    "policy": Words("政策", "Policy"),
    "scheme": Words("分组方案", "Grouping scheme"),
    "catalogue": Words("点数目录", "Catalogue"),
    "records": Words("记录", "Records"),
    "records_text": Words(
        "读取 {read:,} 条 = 有效 {valid:,} 条 + 未通过校验 {quarantined:,} 条（另有提示 {warnings:,} 条）",
        "{read:,} read = {valid:,} valid + {quarantined:,} quarantined ({warnings:,} warnings)",
    ),
    "values": Words("点值", "Point values"),
    "hospitals": Words("医疗机构结算", "Hospitals"),
    "classes": Words("病例类型", "Case classes"),
    "warnings": Words("提示（仍予结算）", "Warnings"),
    "quarantine": Words("未通过校验记录", "Quarantine"),
    "formula_note": Words(
        "点值 =（基金预算 + 个人负担 + 其他基金）÷ 总点数，向下取至 {places} 位小数；"
        "医疗机构基金支付 = 点数 × 点值 − 个人负担 − 其他基金。",
        "Point value = (budget + patients' part + other funds) / points, rounded down at {places} "
        "places; fund amount of a hospital = points x value - patients' part - other funds.",
    ),
    "formula_note_fund_only": Words(
        "点值 = 基金预算 ÷ 总点数，向下取至 {places} 位小数；医疗机构基金支付 = 点数 × 点值。",
        "Point value = budget / points, rounded down at {places} places; "
        "fund amount of a hospital = points x value.",
    ),
    "account": Words("险种", "Account"),
    "employee": Words("职工医保", "employee"),
    "resident": Words("居民医保", "resident"),
    "budget": Words("基金预算（元）", "Budget (yuan)"),
    "from_home_funds": Words("异地基金并入（元）", "From home funds (yuan)"),
    "patient_cost": Words("个人负担（元）", "Patients (yuan)"),
    "other_cost": Words("其他基金（元）", "Other funds (yuan)"),
    "points": Words("点数", "Points"),
    "point_value": Words("点值（元/点）", "Point value (yuan)"),
    "fund_amount": Words("应付基金（元）", "Fund amount (yuan)"),
    "remainder": Words("结余入风险金（元）", "Remainder to reserve (yuan)"),
    "hospital_id": Words("机构编码", "Hospital id"),
    "name": Words("医疗机构", "Hospital"),
    "level": Words("等级", "Level"),
    "line": Words("结算类别", "Line"),
    "local_points": Words("本地·点数", "local, points"),
    "local_item": Words("本地·按项目", "local, by item"),
    "outside_points": Words("异地·点数", "out of area, points"),
    "outside_item": Words("异地·按项目", "out of area, by item"),
    "cases": Words("病例数", "Cases"),
    "total_cost": Words("医疗总费用（元）", "Total cost (yuan)"),
    "standard_amount": Words("按点数应付总额（元）", "Standard (yuan)"),
    "fund_cost": Words("按项目基金支付（元）", "Item by item (yuan)"),
    "difference": Words("与按项目差额（元）", "Difference (yuan)"),
    "difference_share": Words("差额占比", "Difference"),
    "prepayment": Words("本月预拨（元）", "Prepayment (yuan)"),
    "home_fund_bill": Words("参保地基金应付（元）", "Billed to home fund (yuan)"),
    "carried": Words("结转清算（元）", "Carried to clearing (yuan)"),
    "total": Words("合计", "Total"),
    "case_class": Words("病例类型", "Class"),
    "class_normal": Words("正常病例", "normal"),
    "class_high": Words("高倍率病例（未经特病单议）", "high, not reviewed"),
    "class_low": Words("低倍率病例", "low"),
    "class_incomplete": Words("住院过程不完整", "incomplete"),
    "class_few_cases": Words("非稳定组", "few cases"),
    "class_ambiguous": Words("歧义组", "ambiguous"),
    "class_ungrouped": Words("未入组", "ungrouped"),
    "class_bed_day": Words("床日病例", "bed-day"),
    "class_fee": Words("按项目付费", "item by item"),
    "code": Words("问题代码", "Finding"),
    "column": Words("字段", "Column"),
    "message": Words("说明", "Message"),
    "case_id": Words("结算编号", "Case id"),
    "settlement_date": Words("结算日期", "Settled on"),
    "rows": Words("条数", "Rows"),
    "negative_note": Words(
        "红色为负数：应付基金为负的结算行本月不预拨，结转年终清算；异地行由参保地基金支付，不占本地预算。",
        "Red is negative: a line with a negative fund amount is not prepaid but cleared at "
        "year-end; out-of-area lines are billed to home funds and take nothing from the budget.",
    ),
    "lines_note": Words(
        "只有“本地·点数”由本期预算支付；按项目与异地另行支付，因此合计可以大于预算。",
        "Only the line 'local, points' is paid from the budget; lines by item and out of area "
        "are paid beside it, so the total may exceed the budget.",
    ),
    "signature": Words("制表人：　　　　　复核人：　　　　　日期：", ""),
    "level_3A": Words("三级甲等", "3A"),
    "level_3B": Words("三级乙等", "3B"),
    "level_2A": Words("二级甲等", "2A"),
    "level_2B": Words("二级乙等", "2B"),
    "level_1": Words("一级", "1"),
    "level_0": Words("未定级", "0"),
    "missing_required": Words("必填项缺失", "missing_required"),
    "bad_type": Words("类型错误", "bad_type"),
    "bad_value": Words("取值错误", "bad_value"),
    "duplicate_id": Words("编号重复", "duplicate_id"),
    "unknown_hospital": Words("机构未登记", "unknown_hospital"),
    "outside_period": Words("不在结算期内", "outside_period"),
    "unknown_bed_day_class": Words("床日类别未定价", "unknown_bed_day_class"),
    "unknown_diagnosis": Words("诊断编码未知", "unknown_diagnosis"),
    "unknown_procedure": Words("手术编码未知", "unknown_procedure"),
    "sex_conflict": Words("诊断与性别不符", "sex_conflict"),
    "age_days_missing": Words("缺少天龄", "age_days_missing"),
    "newborn_weight_missing": Words("缺少新生儿体重", "newborn_weight_missing"),
    "dates_reversed": Words("日期颠倒", "dates_reversed"),
    "cost_negative": Words("费用为负", "cost_negative"),
    "cost_identity": Words("费用不平", "cost_identity"),
    "repeated": Words("结果与此前一致，未重写", "the same results lay there already"),
    "yuan_note": Words("金额单位：元", "Amounts in yuan"),
}


def level_name(level: str, language: Language) -> str:
    """A hospital level in words; a region's own levels stand for themselves."""
    return word(f"level_{level}", language) if f"level_{level}" in _WORDS else level


def labelled(key: str, text: str, language: Language) -> str:
    """`label: text` with the colon of the language."""
    return f"{word(key, language)}{'：' if language == 'zh' else ': '}{text}"


def word(key: str, language: Language) -> str:
    """The wording of a key; a key without one (an account of a city) stands for itself."""
    return _WORDS[key].said_in(language) if key in _WORDS else key
