"""A machine without fonts: fontconfig is told of an empty directory only."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from graphviz_tools.render import fonts
from graphviz_tools.render.fonts import NO_FONTS, find_fallback

ROOT = Path(fonts.__file__).parents[2]
DRAW = """
    import hashlib, warnings
    from graphviz_tools.render.render import font_notice, render
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        render('graph{a[label="grad −1 ↑"]}')
        assert not caught  # the reader's machine has fonts of its own
        for label in ("grad −1 ↑", "grad -1 ^", "glad -1 ^"):
            print(hashlib.sha256(render('graph{a[label="%s"]}' % label, "png")).hexdigest())
    assert {str(w.message) for w in caught} <= {font_notice()}
    assert {w.category.__name__ for w in caught} <= {"RenderWarning"}
    print(font_notice())
"""


@pytest.fixture
def without_fonts(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without fonts."""
    empty = tmp_path / "empty"
    empty.mkdir()
    config = tmp_path / "fonts.conf"
    config.write_text(f"<fontconfig><dir>{empty}</dir><cachedir>{empty}</cachedir></fontconfig>")
    environment = {"PYTHONPATH": str(ROOT), "FONTCONFIG_FILE": str(config), "TMPDIR": str(tmp_path)}
    return {**os.environ, **environment}


def draw(environment: dict[str, str], code: str = DRAW) -> tuple[str, str, str, str]:
    """Hashes of the PNGs of a label, of a plainer spelling of it, and of another word; then what is said of fonts."""
    command = [sys.executable, "-P", "-c", textwrap.dedent(code)]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert not process.stderr
    label, plain, other, notice = process.stdout.split("\n", maxsplit=3)
    return label, plain, other, notice.strip()


def test_text_is_drawn_with_a_font_from_a_package(without_fonts: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    label, plain, other, notice = draw(without_fonts)
    assert "This machine has no fonts: text is drawn with Aileron from the package Pillow" in notice
    assert label == plain  # the minus and the arrow are not in that font
    assert plain != other
    assert not list(tmp_path.glob("graphviz_tools-*"))


def test_a_notice_is_all_there_is_without_a_font_anywhere(without_fonts: dict[str, str]) -> None:
    label, plain, other, notice = draw(without_fonts, "import sys; sys.modules['PIL'] = None\n" + textwrap.dedent(DRAW))
    assert notice == NO_FONTS
    assert label == plain == other  # which is how one sees that letters are missing


def test_the_machine_s_own_fonts_come_first() -> None:
    label, plain, other, notice = draw({**os.environ, "PYTHONPATH": str(ROOT)})
    if notice:
        pytest.skip("this machine has no fonts")
    assert len({label, plain, other}) == 3


def test_a_package_with_a_complete_font_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "matplotlib" / "mpl-data" / "fonts" / "ttf"
    directory.mkdir(parents=True)
    directory.joinpath("DejaVuSans.ttf").write_bytes(b"")
    tmp_path.joinpath("matplotlib", "__init__.py").write_text("raise SystemExit('must not be imported')")
    monkeypatch.syspath_prepend(tmp_path)
    found = find_fallback()
    assert found is not None
    assert found.directory == str(directory)
    assert found.complete
    assert "DejaVu Sans from the package matplotlib." in found.notice
