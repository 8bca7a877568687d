"""A machine without fonts: find one in an installed package.

Containers often have none, and Graphviz then leaves all text out of PNG and PDF without a word. pygraphviz' fontconfig
cannot read WOFF2, so Streamlit's fonts are of no use.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import escape

_PACKAGES = (
    # package, its directory of TrueType fonts, the family to take
    ("matplotlib", "mpl-data/fonts/ttf", "DejaVu Sans"),
    ("reportlab", "fonts", "Bitstream Vera Sans"),
)

PLAIN = str.maketrans({"−": "-", "–": "-", "—": "-", "×": "x", "↑": "^", "⚠": "!"})
"""For a font with little more than ASCII: signs that the drawings use, and what stands for them."""

NO_FONTS = (
    "This machine has no fonts, so the text in a PNG or PDF cannot be read. "
    "Install one, for example with: apt-get install fonts-liberation"
)


@dataclass(frozen=True, slots=True)
class Fallback:
    """A directory with fonts, and the family in it to draw with. `complete` is False for little more than ASCII."""

    directory: str
    family: str
    package: str
    complete: bool

    @property
    def notice(self) -> str:
        """What the user should know."""
        lacking = "" if self.complete else ", which has no Greek and no CJK letters"
        return (
            f"This machine has no fonts: text is drawn with {self.family} from the package {self.package}{lacking}. "
            "To get others install some, for example with: apt-get install fonts-liberation"
        )


def find_fallback() -> Fallback | None:
    """The best font that an installed package brings along, `None` when there is none."""
    for package, directory, family in _PACKAGES:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            fonts = Path(place, directory)
            if any(fonts.glob("*.ttf")):
                return Fallback(str(fonts), family, package, complete=True)
    return _pillow()


def _pillow() -> Fallback | None:
    """Pillow has a TrueType font inside its source code."""
    try:
        from PIL import ImageFont

        font = ImageFont.load_default(size=12)
    except (ImportError, OSError, TypeError):  # no Pillow, one without FreeType, an old one
        return None
    if not isinstance(font, ImageFont.FreeTypeFont):
        return None
    directory = _private_directory()
    Path(directory, "Pillow.ttf").write_bytes(font.font_bytes)
    return Fallback(directory, font.getname()[0] or "sans-serif", "Pillow", complete=False)


def fontconfig_file(fallback: Fallback) -> str:
    """The path of a configuration in which every font family is the fallback's."""
    directory = _private_directory()
    path = Path(directory, "fonts.conf")
    path.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"<dir>{escape(fallback.directory)}</dir>\n<cachedir>{escape(directory)}</cachedir>\n"
        '<match target="pattern"><edit name="family" mode="assign" binding="strong">'
        f"<string>{escape(fallback.family)}</string></edit></match>\n</fontconfig>\n",
        encoding="utf-8",
    )
    return str(path)


def _private_directory() -> str:
    directory = tempfile.mkdtemp(prefix="graphviz_tools-")
    atexit.register(_remove, directory, os.getpid())
    return directory


def _remove(directory: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child leaves the parent's fonts alone
        shutil.rmtree(directory, ignore_errors=True)
