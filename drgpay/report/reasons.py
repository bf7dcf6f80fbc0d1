"""The reason of an adjustment in the words of a reader.

Results hold it in English, the same whoever reads them (docs/points.md); a statement is for a
hospital's accountant.
"""

import re

from drgpay.base.language import Language
from drgpay.report.wording import formula_said, named

_SCOPES = {"hospital": "本机构", "region": "统筹区"}
_OUTCOMES = {"refused": "不予支付", "reported, paid all the same": "予以提示，照常支付"}


def reason_said(reason: str, language: Language) -> str:
    """A reason of adjustments.parquet in Chinese; one of a form not known here keeps its English."""
    if language == "en":
        return reason
    if "; " in reason:
        return "；".join(reason_said(part, language) for part in reason.split("; "))
    for form, said in _FORMS:
        found = re.fullmatch(form, reason)
        if found:
            parts = [_part(part) for part in found.groups(default="")]
            return said.format(*parts)
    return formula_said(reason, language)


def _part(text: str) -> str:
    if text in _SCOPES or text in _OUTCOMES:
        return {**_SCOPES, **_OUTCOMES}[text]
    return named("class", text, "zh", otherwise="") or formula_said(text, "zh")


_FORMS = (
    (r"points \* (\S+): the patient came back within (\d+) days", "点数 × {0}：患者 {1} 日内再入院"),
    (r"points \* (\S+): case (\d+) of the hospital in (\S+), the cap is (\d+)",
     "点数 × {0}：本机构 {2} 第 {1} 例，上限 {3} 例"),
    (r"points \* (\S+)", "点数 × {0}"),
    (r"given back", "返还"),
    (r"put right", "更正"),
    (r"approved: (\S+) points", "单议通过：核定 {0} 点"),
    (r"approved: (.+)", "单议通过：{0}"),
    (r"rejected: the points of its class", "单议未通过，按所属病例类型计点"),
    (r"not applicable: the class (\S+) is not reviewed", "不适用：“{0}”不参加特病单议"),
    (r"review (\d+) of the (\w+), the quota is (\d+): (.+)", "{1}第 {0} 例单议，额度 {2} 例：{3}"),
    (r"review (\d+) of the hospital, its part of the region's quota is (\d+): (.+)",
     "本机构第 {0} 例单议，分得统筹区额度 {1} 例：{2}"),
    (r"(\+ .+|no share) in (\d{4})", "{1} 年：{0}"),
    (r"not applicable: (\S+) of class (\S+) has no share", "不适用：病组 {0}（{1}）无加点"),
    (r"\+ min\(points \* (\S+), (\S+)\)", "+ min(点数 × {0}, {1})"),
    (r"- (\S+) \* (.+) \(serious\)", "− {0} × {1}（情节严重）"),
    (r"- (\S+) \* (.+)", "− {0} × {1}"),
)  # fmt: skip
