"""The folder of a project: what was generated is known by its hash, what people edited is left alone."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import bytes_hash, file_hash
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/start")
KEPT = ".drgpay-init.json"
"""The hidden file with the hashes of what was generated."""


class State(StrEnum):
    """What became of a file."""

    NEW = "new"
    RENEWED = "renewed"
    SAME = "same"
    EDITED = "edited"


@dataclass
class ProjectFolder:
    """states: what became of each file that was put. Call `keep` at the end."""

    path: Path
    states: dict[str, State] = field(default_factory=dict)
    _hashes: dict[str, str] = field(default_factory=dict)
    _made_of: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def open(path: Path) -> "ProjectFolder":
        """Make the folder, or take it as it is; raises DrgpayError where it cannot be one."""
        if path.exists() and not path.is_dir():
            raise DrgpayError(*_ERRORS("no_folder", path=path))
        try:
            path.mkdir(parents=True, exist_ok=True)
            kept = path / KEPT
            found = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
            return ProjectFolder(
                path, {}, dict(found.get("files", {})), dict(found.get("made_of", {}))
            )
        except OSError as error:
            raise DrgpayError(*_ERRORS("unusable", path=path, reason=reason_of(error))) from None
        except ValueError:
            raise DrgpayError(*_ERRORS("kept_damaged", path=path / KEPT)) from None

    def put(self, name: str, text: str) -> Path:
        """Write a text, unless somebody edited the file since it was generated."""
        return self.put_bytes(name, text.encode("utf-8"))

    def put_bytes(self, name: str, content: bytes) -> Path:
        """Write a file, unless somebody edited it since it was generated."""
        path = self.path / name
        new = bytes_hash(content)
        there = file_hash(path) if path.is_file() else None
        if there == new:
            self.states[name] = State.SAME
        elif there is None or there == self._hashes.get(name):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                raise DrgpayError(
                    *_ERRORS("unusable", path=path, reason=reason_of(error))
                ) from None
            self.states[name] = State.NEW if there is None else State.RENEWED
        else:
            self.states[name] = State.EDITED
            return path
        self._hashes[name] = new
        return path

    def may_make(self, name: str, made_of: Mapping[str, str]) -> bool:
        """Whether a folder in it is to be made: it is not there, or is of other inputs and unedited.

        One that is of the same inputs stays. An unedited one of other inputs is removed.
        """
        path, said = self.path / name, json.dumps(dict(made_of), sort_keys=True)
        if not path.exists():
            return True
        same = self._made_of.get(name) == said
        if same or not self._unedited(name):
            self.states[name] = State.SAME if same else State.EDITED
            return False
        shutil.rmtree(path)
        return True

    def made(self, name: str, made_of: Mapping[str, str]) -> None:
        """Note a folder that was made."""
        self.states[name] = State.NEW
        self._made_of[name] = json.dumps(dict(made_of), sort_keys=True)
        for file in self._files(name):
            self._hashes[file] = file_hash(self.path / file)

    def keep(self) -> None:
        """Leave the hashes of what was generated."""
        kept = {"files": self._hashes, "made_of": self._made_of}
        text = json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True)
        (self.path / KEPT).write_text(text + "\n", encoding="utf-8")

    def _unedited(self, name: str) -> bool:
        return all(
            self._hashes.get(file) == file_hash(self.path / file) for file in self._files(name)
        )

    def _files(self, name: str) -> list[str]:
        return sorted(
            str(file.relative_to(self.path))
            for file in (self.path / name).rglob("*")
            if file.is_file()
        )
