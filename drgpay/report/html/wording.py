"""The words of the HTML report, Chinese first; what the workbook says too comes from its wording."""

from dataclasses import dataclass

from drgpay.base.language import Language, Words
from drgpay.report import wording
from drgpay.report.visit_wording import visit_word

_WORDS: dict[str, Words] = {
    "title": Words("DRG 点数法月度结算报告", "Monthly settlement by DRG points"),
    "title_both": Words(
        "住院 DRG 与门诊 APG 点数法月度结算报告",
        "Monthly settlement of stays by DRG points and of visits by APG points",
    ),
    "part_stays": Words("住院", "Stays"),
    "part_visits": Words("门诊", "Visits"),
    "of_part": Words("{part} · {title}", "{part}: {title}"),
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
    "k_fund": Words("应付基金", "Fund amount"),
    "k_fund_budget": Words("其中：预算内", "Of it from the budget"),
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
    "kept": Words("扣点留存基金", "Kept for deducted points"),
    "item_by_item": Words("按项目支付", "Paid item by item"),
    "item_share": Words("占下达预算", "Share of the budget"),
    "fund_in_budget": Words("预算内应付基金", "Fund amount from the budget"),
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
    "booking_deducted": Words("扣点留存基金", "kept for deducted points"),
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
        "预算（含异地基金并入）= 预算内应付基金 + 扣点留存 + 结余；预算内应付基金 = 本月预拨 + 待清算。"
        "按项目支付不占预算内点数，另列其占下达预算的比例。单位：元。",
        "Budget (with home funds) = fund amount from the budget + kept for deducted points + "
        "remainder; fund amount from the budget = prepaid + until clearing. What is paid item by "
        "item stands beside it, with its share of the budget as given. In yuan.",
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
    "ratio_axis": Words(
        "费用倍率 = 医疗总费用 ÷ 界限所用均费", "Total cost ÷ mean behind the bounds"
    ),
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
        "入组率 = 入组病例 ÷ 支付单元为 DRG 的有效病例（歧义与未入组不算入组）。",
        "{read} read = {valid} valid + {quarantined} quarantined; {warnings} warnings were settled "
        "all the same. Coverage = grouped ÷ valid stays with payment unit drg (ambiguous "
        "and ungrouped ones are not grouped).",
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
        "预算（含异地基金并入）− 预算内应付基金之和 − 扣点留存",
        "budget (with home funds) − the fund amounts from the budget − what is kept for deducted "
        "points",
    ),
    "f_value_deducted": Words(
        "；总点数含违规扣点，其所值留存基金",
        "; the points include those that deductions took, whose worth the fund keeps",
    ),
    "f_kept": Words("扣点留存基金", "Kept by the fund"),
    "f_kept_rule": Words(
        "（点数 + 违规扣点）× 点值 − 点数 × 点值，各自四舍五入到分",
        "(points + points deducted) × value − points × value, each rounded to the fen",
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
        "病例医疗总费用 ÷ 该病组界限所用均费（见点数目录）",
        "a case's total cost ÷ the mean behind the bounds of its group (see the catalogue)",
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


# What is called otherwise where a visit stands in the place of a case.
_OF_VISITS: dict[str, Words] = {
    "title": Words("门诊 APG 点数法月度结算报告", "Monthly settlement of visits by APG points"),
    "s_hospitals": Words("医药机构盈亏（与按项目付费相比）", "Providers: gain and loss"),
    "s_classes": Words("就诊类别构成", "Kinds of visits"),
    "s_groups": Words("主要 APG", "Largest APGs"),
    "s_entries": Words("条目：付费、折扣与打包", "Entries: paid, discounted and packaged"),
    "s_capitation": Words("签约机构包干账户", "Accounts of contractors"),
    "s_tie_out": Words("与预算核对", "Tie-out to the budget"),
    "s_coverage": Words("记录与校验", "Records and findings"),
    "k_cases": Words("参加结算就诊", "Visits settled"),
    "k_balance": Words("包干账户结余", "Balance of contractors"),
    "cases": Words("就诊人次", "Visits"),
    "cases_share": Words("人次占比", "Of visits"),
    "case_class": Words("就诊类别", "Kind"),
    "hospital": Words("医药机构", "Provider"),
    "drg": Words("主要 APG", "Leading APG"),
    "group_name": Words("APG 名称", "Name"),
    "apg_entries": Words("条目数", "Entries"),
    "apg_entries_share": Words("条目占比", "Of entries"),
    "no_group": Words("按项目付费，或无付费条目", "paid item by item, or nothing is paid"),
    "lines_cost": Words("明细金额", "Cost of lines"),
    "lines_cost_share": Words("金额占比", "Of cost"),
    "contractor": Words("签约机构", "Contractor"),
    "heads": Words("签约人头数", "Heads"),
    "capitation": Words("包干总额", "Capitation"),
    "charged": Words("计入费用", "Charged"),
    "charged_elsewhere": Words("其中在他处", "Of it elsewhere"),
    "balance": Words("结余或超支", "Balance"),
    "balance_share": Words("结余率", "Of capitation"),
    "settled": Words("应结算", "Settled"),
    "contracted": Words("签约人员", "Contracted"),
    "uncontracted": Words("未签约", "Uncontracted"),
    "not_shown": Words("不列", "not shown"),
    "table": Words("记录", "Records"),
    "findings": Words("条数", "Findings"),
    "code": Words("问题", "Finding"),
    "t_visits": Words("就诊", "visits"),
    "t_lines": Words("收费明细", "service lines"),
    "read": Words("读取", "Read"),
    "valid": Words("有效", "Valid"),
    "quarantined": Words("未通过校验", "Quarantined"),
    "warned": Words("提示", "Warnings"),
    "lines_note_pooled": Words(
        "异地就诊并入本池：其参保地基金按项目应付的部分已加入预算。按项目结算的就诊另行支付。",
        "Outside visits share the pool: what their home funds pay item by item joined the budget. "
        "Lines by item are paid beside it.",
    ),
    "ledger_small": Words(
        "按项目结算不足 5 人次的基金池，其按项目分录不列出。",
        "Entries by item are left out where a pool has fewer than 5 visits by item.",
    ),
    "groups_note": Words(
        "按应付总额取最大的 {n} 个主要 APG，其余合并；点击表头可排序。",
        "The {n} leading APGs with the most money; the others are one row. Click a heading to sort.",
    ),
    "classes_note": Words(
        "就诊归入其主要 APG 的类别：首个付费操作，否则付费诊疗，否则点数最高的付费条目。",
        "A visit is of the kind of its leading APG: the first paid procedure, else the paid medical "
        "entry, else the paid entry with the most points.",
    ),
    "entries_note": Words(
        "打包与合并的条目不计点数，其费用由同次就诊的付费条目承担；诊疗条目本身没有收费明细。"
        "条目点数未含逐次就诊的尾数舍入。",
        "Packaged and consolidated entries earn no points: the paid entries of their visit bear "
        "their cost. Medical entries have no lines of their own. Points of entries are not rounded "
        "visit by visit.",
    ),
    "capitation_note": Words(
        "结余 = 包干总额 − 计入费用；计入费用含签约人员在所有机构就诊的基金支付。"
        "应结算：结余中留用的部分，或超支中由签约机构承担的部分（负数为应退回）。",
        "Balance = capitation − charged: the fund amounts of the persons' visits, wherever they "
        "went. Settled: the retained part of a surplus, or the contractor's part of an overrun.",
    ),
    "chart_balance": Words("结余或超支（{unit}）", "Balance ({unit})"),
    "chart_balance_share": Words("占包干总额", "Of capitation, %"),
    "apart_heading": Words("不计入包干账户的就诊", "Visits outside the accounts"),
    "tie_out_note": Words(
        "基金预算 + 异地并入 = 签约人员 + 未签约 + 扣点留存 + 结余，分文不差。单位：元。",
        "Budget + home funds = contracted + uncontracted + kept + remainder, to the fen. In yuan.",
    ),
    "tie_out_small": Words(
        "签约或未签约不足 5 人次的基金池，两者不分列。",
        "The two are not told apart where a pool has fewer than 5 visits of either.",
    ),
    "no_capitation": Words(
        "本期没有签约人头表，未设包干账户。", "There was no enrolment, so there are no accounts."
    ),
    "findings_heading": Words("校验发现的问题", "Findings"),
    "findings_none": Words("没有发现问题。", "There are no findings."),
    "coverage_note": Words(
        "读取 = 有效 + 未通过校验；提示仍予结算。有效明细中有 {netted} 行被退费冲抵。"
        "未入组的明细条目 {ungrouped} 条。",
        "Read = valid + quarantined; warnings were settled all the same. Refunds net out {netted} "
        "valid lines; {ungrouped} entries have no group.",
    ),
    "privacy": Words(
        "不足 5 人次的行合并显示；本报告不含个人信息。金额取整显示，鼠标停留可见精确值，合计按精确值计算。",
        "Rows of fewer than 5 visits are shown together; nothing personal is in this report. Amounts "
        "are rounded for reading, exact on hover; totals add up the exact amounts.",
    ),
    "c_case": Words("查看一次就诊", "look at one visit"),
    "c_case_command": Words(
        "drgpay explain 就诊.parquet --visit 就诊编号 --items 明细.parquet \\\n"
        "  --scheme {scheme} --catalogue {run}/visit_catalogue",
        "drgpay explain VISITS.parquet --visit VISIT_ID --items LINES.parquet \\\n"
        "  --scheme {scheme} --catalogue {run}/visit_catalogue",
    ),
    "in_visits": Words("就诊记录", "visits"),
    "in_items": Words("收费明细", "service lines"),
    "in_enrolment": Words("签约人头表", "enrolment"),
    "in_visits_mapping": Words("就诊字段对照", "mapping of visits"),
    "in_items_mapping": Words("明细字段对照", "mapping of lines"),
    "in_scheme": Words("门诊分组方案", "scheme of visits"),
    "in_catalogue": Words("门诊点数目录", "catalogue of visits"),
}


@dataclass(frozen=True)
class Speaker:
    """The words of a part of the report: of stays, or of visits."""

    language: Language
    of_visits: bool = False

    def __call__(self, key: str, **values: object) -> str:
        """The wording of a key with values put in; what the HTML report has no words for is called
        as in the workbooks, or stands for itself.
        """
        known = _WORDS | _OF_VISITS if self.of_visits else _WORDS
        if key in known:
            text = known[key].said_in(self.language)
        elif self.of_visits:
            text = visit_word(key, self.language)
        else:
            text = wording.word(key, self.language)
        return text.format(**values) if values else text
