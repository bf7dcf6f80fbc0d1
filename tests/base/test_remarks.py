"""What is to be said of files is said once, whatever the command, and when all was read."""

from drgpay.base.language import Language, Words
from drgpay.base.remarks import hearing, remark, remark_when_read, unsaid, unsaid_lines


class Filling:
    """A report that fills."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def lines(self, language: Language) -> list[str]:
        return [f"{language} {one}" for one in self.found]


def test_reports_say_what_they_hold_in_the_end() -> None:
    report = Filling()
    with hearing():
        remark_when_read(report)
        remark([Words("甲", "a")])
        report.found += ["1", "2"]
        assert unsaid_lines("en") == ["a", "en 1", "en 2"]
        assert unsaid_lines("en") == []
        report.found += ["2", "3"]
        assert unsaid(["en 3", "other", "other"]) == ["en 3", "other"]
        assert unsaid_lines("en") == []
    with hearing():
        assert unsaid_lines("en") == []


def test_nobody_need_hear_it() -> None:
    remark_when_read(Filling())
    assert unsaid_lines("zh") == []
    assert unsaid(["a", "a"]) == ["a"]
