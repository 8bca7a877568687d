"""All benchmarks in one run: `python -m benchmarks.run [--json FILE] [--no-browser]` from the top of the repository."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks import formula_to_svg
from benchmarks.table import as_json, markdown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    parser.add_argument("--no-browser", action="store_true", help="leave the page out (it needs chromium)")
    arguments = parser.parse_args()
    rows = formula_to_svg.measure()
    if not arguments.no_browser:
        from benchmarks import page

        rows += page.measure()
    packages = " · ".join(f"{name} {version(name)}" for name in ("torch", "pygraphviz", "streamlit"))
    print(f"Python {platform.python_version()} · {packages} · {os.cpu_count()} cores\n\n{markdown(rows)}")
    if arguments.json:
        arguments.json.write_text(as_json(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
