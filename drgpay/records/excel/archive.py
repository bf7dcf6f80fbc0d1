"""What a file that is called a workbook really is, and which sheets it has."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.etree import ElementTree

from drgpay.base.errors import DrgpayError
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/records")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MARKUP = (b"<", b"\xef\xbb\xbf<")
_MOST_BYTES = 8 * 1024**3
_LARGE, _MOST_TIMES = 128 * 1024**2, 300
"""A part larger than so many bytes, packed to less than the so manieth part of them, is a bomb."""
_MOST_PART = 16 * 1024**2  # bytes of a part that lists others
_CHUNK = 4 * 1024**2
LAST_ROW = 1_048_576

_ID = re.compile(r"\{[^}]*/relationships\}id")


class Sheet(NamedTuple):
    """part: of the archive; hidden: not shown to who opens the workbook."""

    name: str
    part: str
    hidden: bool


@dataclass(frozen=True)
class Archive:
    """A workbook (.xlsx, .xlsm) as the archive that it is."""

    path: Path
    parts: frozenset[str]

    @property
    def has_macros(self) -> bool:
        """Whether there are macros, which are never run."""
        return any(part.endswith("vbaProject.bin") for part in self.parts)

    @property
    def has_links(self) -> bool:
        """Whether cells may come from other workbooks: what was stored of them is read."""
        return any(part.startswith("xl/externalLinks/") for part in self.parts)

    @cached_property
    def _workbook(self) -> ElementTree.Element:
        return self._xml("xl/workbook.xml")

    @cached_property
    def starts_1904(self) -> bool:
        """Whether day 0 of serial numbers is 1904-01-01."""
        for element in self._workbook:
            if element.tag.endswith("}workbookPr"):
                return element.get("date1904") in ("1", "true", "on")
        return False

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """The sheets of cells, in their order."""
        targets = {
            one.get("Id"): one.get("Target", "") for one in self._xml("xl/_rels/workbook.xml.rels")
        }
        found: list[Sheet] = []
        for element in self._workbook.iter():
            if not element.tag.endswith("}sheet"):
                continue
            key = next((value for name, value in element.items() if _ID.fullmatch(name)), None)
            target = targets.get(key, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            part = str(PurePosixPath(part))
            if part in self.parts and "worksheets" in part:
                hidden = element.get("state", "visible") != "visible"
                found.append(Sheet(element.get("name", ""), part, hidden))
        return tuple(found)

    def has_cells(self, sheet: Sheet) -> bool:
        """Whether any cell of a sheet has a value."""
        return any(
            b"<v>" in chunk or b"<t>" in chunk or b"<t " in chunk or b":v>" in chunk
            for chunk in self.chunks(sheet.part)
        )

    def content(self, part: str) -> bytes:
        """A part of the archive, unpacked."""
        return b"".join(self.chunks(part))

    def _xml(self, part: str) -> ElementTree.Element:
        with self._opened() as archive:
            try:
                if archive.getinfo(part).file_size > _MOST_PART:
                    raise self._broken()
                return ElementTree.fromstring(archive.read(part))
            except (KeyError, ElementTree.ParseError, *_DAMAGE):
                raise self._broken() from None

    def chunks(self, part: str) -> Iterator[bytes]:
        """A part of the archive, some megabytes at a time; raises DrgpayError for a damaged one."""
        with self._opened() as archive:
            try:
                with archive.open(part) as file:
                    while chunk := file.read(_CHUNK):
                        yield chunk
            except (KeyError, *_DAMAGE):
                raise self._broken() from None

    def _opened(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.path)

    def _broken(self) -> DrgpayError:
        return DrgpayError(*_ERRORS("broken_workbook", path=self.path))


_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


def open_archive(path: Path) -> Archive:
    """A workbook that can be read; raises DrgpayError for a file that is none, with what it is."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
            if head.startswith(_OLE):
                file.seek(0)
                key = "locked_workbook" if _ENCRYPTED in file.read() else "old_workbook"
                raise DrgpayError(*_ERRORS(key, path=path))
        if not head:
            raise DrgpayError(*_ERRORS("empty_workbook", path=path))
        if head.startswith(_MARKUP):
            raise DrgpayError(*_ERRORS("markup_workbook", path=path))
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError):
        key = "broken_workbook" if head.startswith(_ZIP) else "no_workbook"
        raise DrgpayError(*_ERRORS(key, path=path)) from None
    except OSError as error:
        said = {"path": path, "reason": reason_of(error)}
        raise DrgpayError(*_ERRORS("unreadable", **said)) from None
    parts = frozenset(entry.filename for entry in entries)
    if any(entry.flag_bits & 1 for entry in entries):
        raise DrgpayError(*_ERRORS("locked_workbook", path=path))
    if "xl/workbook.bin" in parts:
        raise DrgpayError(*_ERRORS("other_workbook", path=path, kind=".xlsb"))
    if "content.xml" in parts and "mimetype" in parts:
        raise DrgpayError(*_ERRORS("other_workbook", path=path, kind=".ods"))
    if "xl/workbook.xml" not in parts:
        raise DrgpayError(*_ERRORS("no_workbook", path=path))
    unpacked = sum(entry.file_size for entry in entries)
    bomb = any(
        entry.file_size > _LARGE and entry.file_size > _MOST_TIMES * max(entry.compress_size, 1)
        for entry in entries
    )
    if bomb or unpacked > _MOST_BYTES:
        megabytes = {"packed": path.stat().st_size // 1024**2, "unpacked": unpacked // 1024**2}
        raise DrgpayError(*_ERRORS("swollen_workbook", path=path, **megabytes))
    return Archive(path, parts)
