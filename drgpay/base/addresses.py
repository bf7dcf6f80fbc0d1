"""Addresses of databases and services where a file is expected, and the passwords in them.

A database is named by its service, never by an address. Somebody who gives one is told so, and the
password that stands in it is never repeated.
"""

import re

from drgpay.base.language import Words

_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]{1,30}:"  # two letters at least: C: is a drive
# Both are bounded: a text of a megabyte is looked through once.
# Path() makes one slash of two.
_USER = re.compile(rf"({_SCHEME}/{{1,2}})[^\s'\"]{{0,1000}}@")
_SECRET = re.compile(
    r"(?<![A-Za-z])(password|passwd|passphrase|pwd|secret|access_?token|api_?key)(\s*=\s*)"
    r"(\{[^}]{0,200}\}|\"[^\"]{0,200}\"|'[^']{0,200}'|[^;&,\s'\"]+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(rf"\s*({_SCHEME})+//", re.IGNORECASE)
_WEB = re.compile(r"\s*https?://", re.IGNORECASE)
_MASK = "***"


def without_passwords(text: str) -> str:
    """The text with what stands before the @ of an address, and behind `password=`, masked."""
    if "@" in text:
        text = _USER.sub(rf"\g<1>{_MASK}@", text)
    return _SECRET.sub(rf"\g<1>\g<2>{_MASK}", text)


def has_user(text: str) -> bool:
    """Whether a text holds an address with a user, as addresses of databases have one."""
    return "@" in text and bool(_USER.search(text))


def names_database(text: str) -> bool:
    """Whether a text given for a file or a value is the address of a database or a service.

    A web address without a password is not: policies name their sources by it.
    """
    return (
        has_user(text)
        or bool(_SECRET.search(text))
        or bool(_ADDRESS.match(text) and not _WEB.match(text))
    )


# Said here and not in drgpay/words, as the errors of reading words are: they all need it.
DATABASE_REMEDY = Words(
    "任务的输入可写成 [databases.名称] 中的表（docs/databases.md，口令不写在文件里）；"
    "其他地方请把该表导出为 Parquet 或 CSV 文件，再写该文件的路径",
    "an input of a job may be a table of [databases.NAME] (docs/databases.md), without its password; "
    "elsewhere export the table to a Parquet or CSV file and name that file",
)
