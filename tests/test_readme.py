"""The README's example runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

README = Path(__file__).parents[1] / "README.md"


def test_the_library_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    monkeypatch.chdir(tmp_path)
    model = torch.nn.Linear(2, 1)
    exec(code[1], {"torch": torch, "model": model, "batch": torch.ones(3, 2)})
    printed = capsys.readouterr().out.splitlines()
    a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    c = (a * 2 + 1) ** 2
    c.retain_grad()
    (c / (c + 2)).mean().backward()
    assert printed[0] == f"MulBackward0 {tuple(c.tolist())} {tuple(c.grad.tolist())}"
    assert (tmp_path / "calc.png").read_bytes()[:4] == b"\x89PNG"
    assert model.weight.grad is None


def test_the_commands_name_what_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*$", text, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        for name in re.findall(r"\S+\.(?:txt|py)\b", command):
            assert (README.parent / name).exists()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (README.parent / target).exists(), target
