"""The words of outpatient reports, Chinese first; what is not here is worded as for stays."""

from collections.abc import Callable

from drgpay.base.language import Language, Words
from drgpay.report.wording import word
from drgpay.results.part import VISITS, Part

_WORDS: dict[str, Words] = {
    "title": Words(
        "门诊费用 APG 点数法月度预结算汇总",
        "Monthly provisional settlement of outpatient visits by APG points: summary",
    ),
    "statement_title": Words(
        "门诊费用 APG 点数法月度预结算单",
        "Monthly provisional settlement of outpatient visits by APG points: statement",
    ),
    "clearing_title": Words(
        "门诊费用 APG 点数法年度清算单", "Annual clearing of outpatient visits by APG points: statement"
    ),
    "clearing_summary_title": Words(
        "门诊费用 APG 点数法年度清算汇总", "Annual clearing of outpatient visits by APG points: summary"
    ),
    "contractor_title": Words(
        "门诊签约人头包干结算单", "Outpatient capitation account of the contractor"
    ),
    "records_text": Words(
        "就诊：读取 {read:,} 次 = 有效 {valid:,} 次 + 未通过校验 {quarantined:,} 次"
        "（另有提示 {warnings:,} 条）；"
        "明细：读取 {lines_read:,} 行 = 有效 {lines_valid:,} 行 + 未通过校验 {lines_quarantined:,} 行，"
        "其中退费冲抵 {lines_netted:,} 行",
        "visits: {read:,} read = {valid:,} valid + {quarantined:,} quarantined "
        "({warnings:,} warnings); lines: {lines_read:,} read = {lines_valid:,} valid + "
        "{lines_quarantined:,} quarantined, {lines_netted:,} netted out by refunds",
    ),
    # sheets and tables
    "values": Words("门诊点值", "Outpatient values"),
    "pools": Words("门诊年度基金", "Outpatient pools"),
    "hospitals": Words("门诊机构结算", "Outpatient providers"),
    "lines": Words("门诊结算类别", "Outpatient lines"),
    "classes": Words("就诊类别", "Kinds of visits"),
    "ledger": Words("门诊分类账", "Outpatient ledger"),
    "quarantine": Words("未通过校验就诊", "Refused visits"),
    "quarantine_rows": Words("就诊明细", "Visits"),
    "warnings": Words("就诊提示", "Warnings on visits"),
    "warnings_rows": Words("就诊明细", "Visits"),
    "line_findings": Words("收费明细问题", "Findings on lines"),
    "finding_kind": Words("处理", "Kind"),
    "finding_quarantine": Words("未通过校验", "refused"),
    "finding_warning": Words("提示", "warning"),
    "statement": Words("门诊结算单", "Outpatient statement"),
    "groups": Words("门诊病组盈亏", "Outpatient groups"),
    "gains": Words("结余最多的 APG（前 20 位）", "APGs with the largest gains (top 20)"),
    "losses": Words("超支最多的 APG（前 20 位）", "APGs with the largest losses (top 20)"),
    "explanation": Words("门诊计算说明", "Outpatient explanation"),
    "entries": Words("条目数", "Entries"),
    "visit_groups": Words("门诊条目", "Outpatient entries"),
    "apg_classes": Words("APG 类别", "APG classes"),
    "reasons": Words("打包与折扣", "Packaging, discounts"),
    "visit_entries": Words("门诊就诊示例", "Outpatient example"),
    "top_apgs": Words("点数最多的 APG（前 20 位）", "APGs with the most points (top 20)"),
    "capitation": Words("人头包干", "Capitation"),
    "accounts": Words("签约机构包干账户", "Accounts of contractors"),
    "apart": Words("不计入包干账户的就诊", "Visits outside the accounts"),
    "tie_out": Words("与门诊预算核对", "Tie-out to the outpatient budget"),
    "by_provider": Words("按就诊机构", "By provider"),
    "capitation_explanation": Words("计算说明", "Explanation"),
    "differences": Words("门诊更正差额", "Outpatient corrections"),
    "difference_cases": Words(
        "补报、变更与撤销的就诊", "Visits that came late, changed or were withdrawn"
    ),
    "differences_note": Words(
        "原支付与更正后之差；其余就诊仅因点值变化而调整，已计入上表。",
        "What was paid against what is due now; all other visits differ by the point value alone, "
        "which the lines include.",
    ),
    "visit_steps": Words("计点：每个条目的处理", "Entries: what each is paid, and why"),
    "visit_points_at_cost": Words(
        "就诊点数 = Σ 基准点数 × 支付系数 × 等级系数 + Σ 按成本付费金额 ÷ 总均次费用 {mean} × 100，"
        "四舍五入至 4 位小数 = {points}",
        "Points of the visit = sum of base points x factor x coefficient + sum of what is paid at "
        "cost / mean over all {mean} x 100, rounded to 4 places = {points}",
    ),
    "visit_no_entries": Words(
        "退费后没有大于零的明细：没有条目，0 点",
        "no line above nothing is left after refunds: no entry, 0 points",
    ),
    "visit_points": Words(
        "就诊点数 = Σ 基准点数 × 支付系数 × 等级系数，四舍五入至 4 位小数 = {points}",
        "Points of the visit = sum of base points x factor x coefficient, rounded to 4 places = "
        "{points}",
    ),
    "why": Words("原因", "Why"),
    # columns
    "visit_id": Words("就诊编号", "Visit id"),
    "visit_date": Words("就诊日期", "Visited on"),
    "cases": Words("就诊人次", "Visits"),
    "visits": Words("就诊人次", "Visits"),
    "name": Words("医药机构", "Provider"),
    "hospital": Words("医药机构", "Provider"),
    "case_class": Words("就诊类别", "Kind of visit"),
    "class": Words("APG 类别", "Class"),
    "family": Words("组族", "Family"),
    "apg": Words("APG", "APG"),
    "drg": Words("主要 APG", "Leading APG"),
    "group_name": Words("APG 名称", "APG name"),
    "apg_name": Words("APG 名称", "APG name"),
    "reason": Words("处理", "Reason"),
    "quantity": Words("明细行数", "Lines"),
    "lines_cost": Words("明细金额（元）", "Cost of lines (yuan)"),
    "item_code": Words("项目编码", "Item code"),
    "factor": Words("支付系数", "Factor"),
    "paid_cost": Words("按成本付费金额（元）", "Paid at cost (yuan)"),
    "contractor_id": Words("签约机构编码", "Contractor id"),
    "contractor": Words("签约机构", "Contractor"),
    "heads": Words("签约人头数", "Heads"),
    "capitation_amount": Words("包干总额（元）", "Capitation (yuan)"),
    "charged": Words("计入费用（元）", "Charged (yuan)"),
    "charged_elsewhere": Words("其中：在他处就诊（元）", "Of it elsewhere (yuan)"),
    "capitation_balance": Words("结余或超支（元）", "Balance (yuan)"),
    "settled": Words("应结算（元）", "Settled (yuan)"),
    "contracted": Words("签约人员（元）", "Contracted (yuan)"),
    "uncontracted": Words("未签约（元）", "Uncontracted (yuan)"),
    "item_contracted": Words("按项目·签约（元）", "By item, contracted (yuan)"),
    "item_uncontracted": Words("按项目·未签约（元）", "By item, uncontracted (yuan)"),
    "item_fund_amount": Words("按项目·应付基金（元）", "By item, fund amount (yuan)"),
    "home_funds": Words("参保地基金（元）", "Home funds (yuan)"),
    # kinds of visits, classes of groups, reasons of entries
    "visit_type": Words("就诊类型", "Visit type"),
    "type_ordinary": Words("普通门诊", "ordinary"),
    "type_chronic": Words("门诊慢性病", "chronic"),
    "type_special": Words("门诊特殊病", "special"),
    "class_PROC": Words("手术操作就诊", "procedure visit"),
    "class_MED": Words("内科诊疗就诊", "medical visit"),
    "class_ANC": Words("检查检验就诊", "ancillaries only"),
    "class_DRUG": Words("药品材料就诊", "drugs only"),
    "class_unpaid": Words("无付费条目", "no paid entry"),
    "group_PROC": Words("手术操作", "procedures"),
    "group_MED": Words("内科诊疗", "medical visits"),
    "group_ANC": Words("检查检验", "ancillaries"),
    "group_DRUG": Words("药品材料", "drugs, materials"),
    "group_INC": Words("附带项目", "incidentals"),
    "group_0000": Words("未入组", "ungrouped"),
    "reason_payable": Words("全额付费", "paid in full"),
    "reason_discounted": Words("次要操作折扣", "further procedure, discounted"),
    "reason_repeat_discounted": Words("重复项目折扣", "repeats discounted"),
    "reason_at_cost": Words("按成本付费", "paid at cost"),
    "reason_consolidated": Words("同族合并", "consolidated in its family"),
    "reason_packaged_incidental": Words("打包：附带项目", "packaged: incidental"),
    "reason_packaged_medical": Words("打包：操作就诊的诊疗", "packaged: procedure visit"),
    "reason_packaged_list": Words("打包：统一打包清单", "packaged: uniform list"),
    "reason_not_in_catalogue": Words("点数目录无此组", "not in the catalogue"),
    "reason_item_by_item": Words("按项目付费", "item by item"),
    "apart_no_contract": Words("未签约", "no contract"),
    "apart_not_enrolled": Words("签约机构未登记该险种人头", "contractor not enrolled"),
    "apart_out_of_area": Words("异地参保", "insured elsewhere"),
    # findings that only visits have
    "line_without_visit": Words("明细无对应就诊", "line_without_visit"),
    "visit_without_lines": Words("就诊无明细", "visit_without_lines"),
    "duplicate_line": Words("明细重复", "duplicate_line"),
    "lines_differ_from_cost": Words("明细合计与费用不符", "lines_differ_from_cost"),
    "unknown_contractor": Words("签约机构未登记", "unknown_contractor"),
    "zero_amount": Words("金额为零", "zero_amount"),
    "visit_refused": Words("所属就诊未通过校验", "visit_refused"),
    # sentences
    "classes_note": Words(
        "就诊按其主要 APG 归类：有付费操作的归其基准点数最高的操作，否则归付费的内科诊疗，再否则归其他付费条目。",
        "A visit counts with its leading APG: its paid procedure with the most base points, else its "
        "paid medical visit, else its other paid entry with the most.",
    ),
    "groups_note": Words(
        "条目点数未含逐次就诊的尾数舍入，与就诊点数合计可有微小差异；打包条目不计点数，其费用由付费条目承担。",
        "Points of entries are not rounded visit by visit, so they may differ slightly from those of "
        "the visits; packaged entries have none: the paid ones bear their cost.",
    ),
    "difference_note": Words(
        "差额 = 应付基金 − 按项目基金支付；正数为结余，红色负数为超支。就诊按其主要 APG 归类。",
        "Difference = fund amount - item by item; red is a loss. A visit counts with its leading APG.",
    ),
    "accounts_note": Words(
        "结余 = 包干总额 − 计入费用；计入费用含签约人员在所有机构就诊的基金支付。"
        "应结算：结余按比例留用，超支由基金按比例分担后其余由签约机构承担（红色为应退回）。",
        "Balance = capitation - charged; charged is the fund amount of the persons' visits, wherever "
        "they went. Settled: the retained part of a surplus, or the overrun less what the fund bears "
        "(red: to be paid back).",
    ),
    "tie_out_note": Words(
        "基金预算 + 异地并入 = 签约 + 未签约 + 扣点留存 + 结余入风险金；签约 + 未签约 = 各机构应付基金。",
        "Budget + from home funds = contracted + uncontracted + kept + remainder; contracted + uncontracted "
        "= fund amounts of the providers.",
    ),
    "lines_note": Words(
        "只有“本地·点数”由门诊预算支付；按项目与异地另行支付，因此合计可以大于预算。",
        "Only the line 'local, points' is paid from the outpatient budget; lines by item and out of "
        "area are paid beside it, so the total may exceed the budget.",
    ),
    "shown_note": Words("仅显示前 {shown} 行，共 {rows:,} 行。", "The first {shown} of {rows:,} rows."),
    # explanations
    "explained_visit": Words("就诊示例：{visit_id}（{date}）", "A visit: {visit_id} of {date}"),
    "entry_how": Words(
        "基准点数（点数目录）；支付系数 {factor}（{reason}），等级系数 {coefficient}",
        "base points (catalogue); factor {factor} ({reason}), coefficient {coefficient}",
    ),
    "paid_cost_label": Words("（按成本付费，元）", " (paid at cost, yuan)"),
    "paid_cost_how": Words(
        "点数目录无基准点数：本条目明细 {own} + 打包费用分摊 {packaged}，不乘等级系数",
        "no base points in the catalogue: own lines {own} + its part of what is packaged {packaged}, "
        "without coefficient",
    ),
    "explained_account": Words("包干账户：{account}", "Account: {account}"),
    "heads_of_band": Words("签约人头数{band}", "Heads{band}"),
    "rate_of_band": Words("年人头标准{band}（元）", "Rate a year{band} (yuan)"),
    "how_heads": Words("签约表", "enrolment"),
    "how_rate": Words("政策规定，每人每年", "set by the policy, a head and year"),
    "capitation_year": Words("全年包干总额（元）", "Capitation of the year (yuan)"),
    "how_month": Words(
        "全年包干总额按门诊预算的月份权重以最大余额法分到本月",
        "the month's share of the year by the months of the outpatient budget, largest remainder",
    ),
    "how_charged": Words("见“按就诊机构”，各机构之和", "sum over the table by provider"),
    "band_part": Words("第 {number} 档内金额（元）", "Amount in band {number} (yuan)"),
    "how_band": Words("包干总额的 {lower}–{upper}", "{lower} to {upper} of the capitation"),
    "how_last_band": Words("超过包干总额的 {lower}", "above {lower} of the capitation"),
    "band": Words("包干总额 {up_to} 以内 {share}", "{share} up to {up_to} of the capitation"),
    "how_no_balance": Words("收支相抵", "nothing left and nothing lacking"),
}  # fmt: skip


def visit_word(key: str, language: Language) -> str:
    """The wording of a key in an outpatient report."""
    return _WORDS[key].said_in(language) if key in _WORDS else word(key, language)


def words_of(part: Part) -> Callable[[str, Language], str]:
    """The words that a part is reported in."""
    return visit_word if part == VISITS else word
