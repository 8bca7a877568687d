"""No text can end the process, not even on a thread with a small stack (some systems give threads 512 KB)."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = r"""
import threading
from graphviz_tools.errors import FormulaError
from graphviz_tools.formula.language import parse

deep = [
    "(" * 40 + "a" + ")" * 40, "[" * 5000, "-" * 9000 + "a", "not " * 2000 + "a", "a" + "**a" * 3000, "a" + "+a" * 4500,
    "a" + " if a else a" * 700, "a" + ".T" * 4000, "a" + "[0]" * 3000, "f" + "()" * 4000, "{a:" * 3000, "await " * 1500,
    "lambda:" * 1400 + "a", "f'{" * 1000, "a" + "+\\\na" * 390, "x = " * 2400 + "a", "a" + " and a" * 1500,
    "if a:\n b=1\n" + "elif a:\n b=1\n" * 190, "a" + "<a" * 4900, "(-" * 40 + "a" + ")" * 40,
    "[*" * 40 + "a" + "]" * 40,
]

def read():
    for source in deep:
        try:
            parse(source)
        except FormulaError:
            pass
    print("alive", len(deep))

threading.stack_size(512 * 1024)
thread = threading.Thread(target=read)
thread.start()
thread.join()
"""


def test_deep_texts_on_a_small_stack():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.split() == ["alive", "21"]
