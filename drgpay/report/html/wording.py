"""The words of the HTML report, Chinese first; what the workbook says too comes from its wording."""

from drgpay.language import Language, Words
from drgpay.report import wording

_WORDS: dict[str, Words] = {
    "title": Words("DRG 点数法月度结算报告", "Monthly settlement by DRG points"),
    "period": Words("结算期", "Period"),
    "region": Words("统筹区", "Region"),
    "policy": Words("政策", "Policy"),
    "scheme": Words("分组方案", "Grouping scheme"),
    "catalogue": Words("点数目录", "Catalogue"),
    "run": Words("运行编号", "Run"),
    "corrects": Words("更正的运行", "Corrects the run"),
    "program": Words("程序", "Program"),
    "contents": Words("目录", "Contents"),
    "facts": Words("概况", "Facts"),
    "unit_large": Words("万元", "thousand yuan"),
    "unit_yuan": Words("元", "yuan"),
    "unit_value": Words("元/点", "yuan a point"),
    # Headings
    "s_values": Words("各月点值", "Point values by month"),
    "s_balance": Words("基金收支平衡", "Balance of the fund"),
    "s_hospitals": Words("医疗机构盈亏（与按项目付费相比）", "Hospitals: gain and loss"),
    "s_ratios": Words("费用倍率分布", "Distribution of cost ratio"),
    "s_classes": Words("病例类型构成", "Classes of cases"),
    "s_groups": Words("主要病组", "Largest groups"),
    "s_adjustments": Words("点数调整", "Adjustments of points"),
    "s_coverage": Words("入组情况", "Coverage"),
    "s_formulas": Words("计算方法与本期数字", "How each figure is computed"),
    "s_evidence": Words("复核依据与命令", "Evidence and commands"),
    # Short figures
    "k_cases": Words("参加结算病例", "Cases settled"),
    "k_value": Words("点值 · {pool}", "Point value · {pool}"),
    "k_fund": Words("应付基金（预算内）", "Fund amount (from budget)"),
    "k_difference": Words("比按项目付费（预算内）", "Against item by item"),
    "k_coverage": Words("入组率", "Coverage"),
    "k_remainder": Words("结余转风险金", "Remainder to reserve"),
    "k_points": Words("总点数", "Points"),
    # Columns
    "cases": Words("病例数", "Cases"),
    "cases_share": Words("病例占比", "Of cases"),
    "points": Words("点数", "Points"),
    "points_share": Words("点数占比", "Of points"),
    "point_value": Words("点值（元/点）", "Point value (yuan)"),
    "change": Words("比前期", "On the one before"),
    "budget": Words("基金预算", "Budget"),
    "from_home_funds": Words("异地基金并入", "From home funds"),
    "patient_cost": Words("个人负担", "Patients"),
    "other_cost": Words("其他基金", "Other funds"),
    "standard_amount": Words("按点数应付总额", "Standard"),
    "standard_share": Words("金额占比", "Of money"),
    "fund_amount": Words("应付基金", "Fund amount"),
    "fund_cost": Words("按项目基金支付", "Item by item"),
    "difference": Words("盈亏", "Gain or loss"),
    "difference_share": Words("盈亏率", "Gain or loss, %"),
    "prepayment": Words("本月预拨", "Prepaid"),
    "withheld": Words("待清算", "Until clearing"),
    "remainder": Words("结余转风险金", "Remainder"),
    "check": Words("核对", "Check"),
    "balanced": Words("平", "balances"),
    "unbalanced": Words("不平：{by} 元", "off by {by} yuan"),
    "home_fund_bill": Words("参保地基金应付", "Billed to home fund"),
    "hospital": Words("医疗机构", "Hospital"),
    "level": Words("等级", "Level"),
    "line": Words("结算类别", "Line"),
    "case_class": Words("病例类型", "Class"),
    "drg": Words("病组", "Group"),
    "group_name": Words("名称", "Name"),
    "kind": Words("类别", "Kind"),
    "applies_to": Words("作用于", "Applies to"),
    "status": Words("结果", "Result"),
    "share_of_read": Words("占读取记录", "Of records read"),
    "debit": Words("借方", "Debit"),
    "credit": Words("贷方", "Credit"),
    "entries": Words("笔数", "Entries"),
    "amount": Words("金额（元）", "Amount (yuan)"),
    "total": Words("合计", "Total"),
    "file": Words("文件", "File"),
    "rows": Words("行数", "Rows"),
    # Values of cells
    "grouped": Words("入组", "grouped"),
    "ambiguous": Words("歧义组", "ambiguous"),
    "ungrouped": Words("未入组", "ungrouped"),
    "invalid": Words("无效", "invalid"),
    "quarantined": Words("未通过校验（不参加结算）", "quarantined (not settled)"),
    "booking_prepayment": Words("预拨", "prepayment"),
    "booking_withheld": Words("留待清算", "withheld until clearing"),
    "booking_remainder": Words("结余", "remainder"),
    "booking_item": Words("{name}（按项目）", "{name} (by item)"),
    "rest_hospitals": Words("其余 {n} 家合并", "{n} others together"),
    "rest_groups": Words("其余 {n} 组合并", "{n} others together"),
    "rest_several": Words("{names}（合并）", "{names} (together)"),
    "and": Words("、", " + "),
    "joint": Words("、", ", "),
    # Notes
    "values_one": Words(
        "目前只有 {period} 一个月的运行，尚无趋势可比。",
        "{period} is the only month with a run; there is nothing to compare it with yet.",
    ),
    "values_note": Words(
        "每月取一次运行，编号见表。纵轴不从零开始。",
        "One run a month, named in the table. The vertical axis does not begin at zero.",
    ),
    "balance_note": Words(
        "预算（含异地基金并入）= 应付基金 + 结余；应付基金 = 本月预拨 + 待清算。单位：元。",
        "Budget (with home funds) = fund amount + remainder; "
        "fund amount = prepaid + until clearing. In yuan.",
    ),
    "lines_note": Words(
        "只有“本地·点数”由本期预算支付；按项目与异地另行支付，因此各类合计可以大于预算。",
        "Only the line 'local, points' is paid from the budget; lines by item and out of area are "
        "paid beside it, so the total may exceed the budget.",
    ),
    "lines_note_pooled": Words(
        "异地病例并入本池：其参保地基金按项目应付的部分已加入预算。按项目结算的病例另行支付。",
        "Outside cases share the pool: what their home funds pay item by item joined the budget. "
        "Lines by item are paid beside it.",
    ),
    "lines_heading": Words("全部结算行，含预算之外", "All lines, with those beside the budget"),
    "ledger_note": Words("复式账分录汇总", "The ledger's entries, summed up"),
    "ledger_corrects": Words(
        "本次为更正运行，分录只记与已付结果的差额。",
        "This run corrects a paid one: its entries book the differences alone.",
    ),
    "ledger_small": Words(
        "按项目结算不足 5 例的基金池，其按项目分录不列出。",
        "Entries by item are left out where a pool has fewer than 5 cases by item.",
    ),
    "hospitals_note": Words(
        "盈亏 = 应付基金 − 按项目基金支付；盈亏率 = 盈亏 ÷ 按项目基金支付。"
        "深色为盈，浅色描边为亏。",
        "Gain or loss = fund amount − item by item; percent of item by item. "
        "Dark bars are gains, light edged bars losses.",
    ),
    "hospitals_shown": Words(
        "图中为盈亏最大的 {shown} 家，全部 {all} 家见表。",
        "The chart shows the {shown} with the largest gains and losses of {all}; the table has all.",
    ),
    "chart_yuan": Words("盈亏（{unit}）", "Gain or loss ({unit})"),
    "chart_percent": Words("盈亏率", "Gain or loss, %"),
    "chart_money": Words("按点数应付总额（{unit}）", "Standard ({unit})"),
    "ratio_axis": Words("费用倍率 = 医疗总费用 ÷ 参照均费", "Total cost ÷ reference mean"),
    "ratio_cases": Words("病例数", "Cases"),
    "low_bound": Words("低 {ratio}", "low {ratio}"),
    "high_bound": Words("高 {ratio}", "high {ratio}"),
    "ratios_note": Words(
        "正常、低倍率、高倍率病例共 {cases} 例（其他类型不按倍率划分）；每格 0.1，最右一格为 {last} 及以上。",
        "{cases} normal, low and high cases (other classes do not go by the ratio); bars of 0.1, "
        "the last is {last} and above.",
    ),
    "ratios_unshown": Words(
        "另有 {n} 例所在格不足 5 例，不画。", "{n} cases in bars of fewer than 5 are not drawn."
    ),
    "ratios_none": Words("本期没有按倍率划分的病例。", "No case of this month goes by the ratio."),
    "low_rule": Words("低倍率：倍率低于 {ratio}。", "Low: below {ratio}."),
    "high_rule": Words("高倍率：高于 {ratio}（{of}）", "High: above {ratio} ({of})"),
    "of_base_points": Words("基准点数 {points} 及以上", "base points {points} and above"),
    "of_levels": Words("等级 {names}", "levels {names}"),
    "of_accounts": Words("险种 {names}", "accounts {names}"),
    "of_all": Words("其余病例", "all others"),
    "bands_order": Words("自上而下取第一个符合的。", "The first that fits counts."),
    "groups_note": Words(
        "按应付总额取最大的 {n} 组，其余合并；点击表头可排序。",
        "The {n} groups with the most money; the others are one row. Click a heading to sort.",
    ),
    "adjustments_none": Words("本期没有点数调整。", "No points were adjusted this month."),
    "adjustments_note": Words(
        "作用于病例的调整计入病例点数；作用于医疗机构的扣点从机构总点数中扣除。",
        "Adjustments of cases are in their points; those of hospitals come off the hospital's sum.",
    ),
    "coverage_note": Words(
        "读取 {read} 条 = 有效 {valid} 条 + 未通过校验 {quarantined} 条；另有提示 {warnings} 条，仍予结算。"
        "入组率 = 入组 ÷ 读取。",
        "{read} read = {valid} valid + {quarantined} quarantined; {warnings} warnings were settled "
        "all the same. Coverage = grouped ÷ read.",
    ),
    "privacy": Words(
        "不足 5 例的行合并显示；本报告不含个人信息。金额取整显示，鼠标停留可见精确值，合计按精确值计算。",
        "Rows of fewer than 5 cases are shown together; nothing personal is in this report. Amounts "
        "are rounded for reading, exact on hover; totals add up the exact amounts.",
    ),
    # Formulas
    "f_value": Words("点值 · {pool}", "Point value · {pool}"),
    "f_value_residual": Words(
        "（基金预算 + 个人负担 + 其他基金）÷ 总点数，向下取 {places} 位小数",
        "(budget + patients + other funds) ÷ points, rounded down at {places} places",
    ),
    "f_value_residual_home": Words(
        "（基金预算 + 异地基金并入 + 个人负担 + 其他基金）÷ 总点数，向下取 {places} 位小数",
        "(budget + home funds + patients + other funds) ÷ points, rounded down at {places} places",
    ),
    "f_value_fund_only": Words(
        "（基金预算 + 异地基金并入）÷ 总点数，向下取 {places} 位小数",
        "(budget + home funds) ÷ points, rounded down at {places} places",
    ),
    "f_value_cost": Words(
        "医疗总费用 ÷ 总点数，向下取 {places} 位小数",
        "total cost ÷ points, rounded down at {places} places",
    ),
    "f_remainder": Words("结余 · {pool}", "Remainder · {pool}"),
    "f_remainder_rule": Words(
        "预算（含异地基金并入）− 各机构应付基金之和",
        "budget (with home funds) − the fund amounts of all hospitals",
    ),
    "f_example": Words(
        "以点数最多的结算行为例：{hospital}，{account}",
        "The line with the most points as an example: {hospital}, {account}",
    ),
    "f_standard": Words("按点数应付总额", "Standard"),
    "f_standard_rule": Words("机构点数 × 点值，四舍五入到分", "points × value, rounded to the fen"),
    "f_standard_share": Words(
        "机构点数 × 点值，四舍五入到分，再加分摊的结余",
        "points × value, rounded to the fen, and its share of the remainder",
    ),
    "f_fund": Words("应付基金", "Fund amount"),
    "f_fund_rule": Words(
        "按点数应付总额 − 个人负担 − 其他基金", "standard − patients − other funds"
    ),
    "f_fund_only_rule": Words("等于按点数应付总额", "the standard itself"),
    "f_difference": Words("盈亏", "Gain or loss"),
    "f_difference_rule": Words("应付基金 − 按项目基金支付", "fund amount − item by item"),
    "f_share": Words("盈亏率", "Gain or loss, %"),
    "f_share_rule": Words("盈亏 ÷ 按项目基金支付", "gain or loss ÷ item by item"),
    "f_prepayment": Words("本月预拨", "Prepaid"),
    "f_prepayment_rule": Words(
        "应付基金 × 预拨比例 − 本月扣款，四舍五入到分",
        "fund amount × prepaid share − deductions of the month, rounded to the fen",
    ),
    "f_ratio": Words("费用倍率", "Cost ratio"),
    "f_ratio_rule": Words(
        "病例医疗总费用 ÷ 该病组参照均费（见点数目录）",
        "a case's total cost ÷ the reference mean of its group (see the catalogue)",
    ),
    "formula_case": Words(
        "单个病例从编码到金额的每一步，用 drgpay case 查看（见下）。",
        "Every step of one case, from its codes to its money: drgpay case (see below).",
    ),
    # Evidence
    "evidence_note": Words(
        "输入、方案、目录与政策的内容由 SHA-256 固定（全文见 manifest.json）；内容相同，再次运行结果逐字节相同。",
        "Inputs, scheme, catalogue and policy are fixed by SHA-256 (in full in manifest.json); the "
        "same contents give the same results, byte by byte.",
    ),
    "more_files": Words("另有 {n} 个文件", "{n} further files"),
    "unverified": Words(
        "政策中来源未经核实的参数：{keys}",
        "Parameters of the policy whose source is unverified: {keys}",
    ),
    "commands_note": Words("在各次运行所在的文件夹内执行：", "In the folder that holds the runs:"),
    "c_verify": Words("核验文件与平衡", "check files and balances"),
    "c_case": Words("查看一个病例", "look at one case"),
    "c_report": Words("重做本报告", "make this report again"),
    "c_run": Words("重新结算（写明作业文件）", "settle the month again (name its job file)"),
    "job_file": Words("作业文件.toml", "JOB.toml"),
    "case_id": Words("结算编号", "CASE_ID"),
    "in_stays": Words("住院记录", "stays"),
    "in_hospitals": Words("医疗机构", "hospitals"),
    "in_mapping": Words("字段对照", "mapping"),
    "in_reviews": Words("特病单议", "reviews"),
    "in_deductions": Words("扣款扣点", "deductions"),
    "in_technologies": Words("新技术", "technologies"),
    "in_scheme": Words("分组方案", "scheme"),
    "in_catalogue": Words("点数目录", "catalogue"),
    "in_policy": Words("政策", "policy"),
    "signature": Words(
        "制表人：　　　　　　复核人：　　　　　　日期：",
        "Prepared by:            Checked by:            Date:",
    ),
    "sort_hint": Words("点击排序", "Click to sort"),
}


def word(key: str, language: Language, **values: object) -> str:
    """The wording of a key with values put in; without one here, the workbook's, or the key."""
    text = _WORDS[key].said_in(language) if key in _WORDS else wording.word(key, language)
    return text.format(**values) if values else text
