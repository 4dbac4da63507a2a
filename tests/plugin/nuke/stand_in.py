"""A stand-in for the `nuke` module, which records what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


class Menu:
    """A menu or toolbar: what was added to it, by label."""

    def __init__(self, icon: str = "") -> None:
        self.icon = icon
        self.menus: dict[str, Menu] = {}
        self.commands: dict[str, Any] = {}
        self.icons: dict[str, str] = {}

    def addMenu(self, label: str, icon: str = "") -> Menu:
        return self.menus.setdefault(label, Menu(icon))

    def addCommand(self, label: str, command: Any, icon: str = "") -> None:
        self.commands[label], self.icons[label] = command, icon


class Node:
    """A node in the graph."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.named = kind, name

    def Class(self) -> str:
        return self.kind

    def fullName(self) -> str:
        return self.named


class Root:
    """The script. path: its file, "Root" while it was never saved, as Nuke has it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def name(self) -> str:
        return self.path

    def firstFrame(self) -> int:
        return 1001

    def lastFrame(self) -> int:
        return 1003


class StandIn(ModuleType):
    """The module: `answer` is what the user says to questions."""

    def __init__(self, script: str = "Root", text: str = "") -> None:
        super().__init__("nuke")
        self.main = {"Nodes": Menu(), "Nuke": Menu()}
        self.selected: list[Node] = []
        self.created: list[str] = []
        self.messages: list[str] = []
        self.asked: list[str] = []
        self.frames: str | None = "1001-1002"
        self.options: str | None = "--chunk 2"
        self.answer = False
        self.chosen: int | None = 0
        self._root, self._text = Root(script), text

    def menu(self, name: str) -> Menu:
        return self.main[name]

    def createNode(self, kind: str) -> None:
        self.created.append(kind)

    def selectedNodes(self) -> list[Node]:
        return self.selected

    def root(self) -> Root:
        return self._root

    def message(self, text: str) -> None:
        self.messages.append(text)

    def ask(self, text: str) -> bool:
        self.asked.append(text)
        return self.answer

    def choice(self, title: str, prompt: str, options: list[str]) -> int | None:
        self.asked.append(f"{prompt}: {', '.join(options)}")
        return self.chosen

    def getInput(self, text: str, default: str) -> str | None:
        self.asked.append(f"{text}: {default}")
        return self.frames if "Frames" in text else self.options

    def scriptSaveToTemp(self, path: str) -> str:
        try:
            Path(path).write_text(self._text, encoding="utf-8")
        except OSError as error:
            raise RuntimeError(f"can't write {path}") from error
        return path

    def executeInMainThread(self, call: Callable[..., None], args: tuple[Any, ...] = ()) -> None:
        call(*args)
