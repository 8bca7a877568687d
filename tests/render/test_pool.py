"""The drawing processes: warm, shared, replaced when they end, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graphviz_tools.errors import RenderError, RenderTimeoutError
from graphviz_tools.render import pool as pools
from graphviz_tools.render import process as processes
from graphviz_tools.render.render import render, warm_up

LONG = "digraph {" + ";".join(f"{i} -> {i * 7919 % 600}; {i} -> {i * 104729 % 600}" for i in range(1800)) + "}"
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in Linux' /proc")
ROOT = Path(pools.__file__).parents[2]


@pytest.fixture(autouse=True)
def fresh_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[pools.Pool]:
    pool = pools.Pool()
    monkeypatch.setattr(pools, "_pool", pool)
    yield pool
    pool.close()


def children(parent: int | str = "self") -> set[int]:
    """The processes that a process has started and that still run, by Linux' account."""
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    found = {int(pid) for task in tasks for pid in task.read_text().split()}
    return {pid for pid in found if is_running(pid)}


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cpu_seconds(pid: int) -> float:
    """How long a process has computed, 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(condition: Callable[[], object], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


Script = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def script() -> Iterator[Script]:
    """Starts a Python process that finds the package only by `sys.path`, as from a notebook beside a checkout."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + textwrap.dedent(code)
        command = [sys.executable, "-P", "-c", code]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=cwd))
        return started[-1]

    yield start
    for process in started:
        with process:
            process.kill()


@pytest.fixture
def before() -> set[int]:
    """Children of the test run that are none of ours."""
    return children()


def test_one_process_serves_all_drawings_of_a_lone_user(before: set[int]) -> None:
    render("graph{a}")
    first = children() - before
    assert len(first) == 1
    render("graph{b}", "png")
    assert children() - before == first


def test_warming_up_does_not_wait(before: set[int]) -> None:
    begun = time.monotonic()
    warm_up()
    returned = time.monotonic()
    started = children() - before
    assert len(started) == 1
    warm_up()
    render("graph{a}")
    assert children() - before == started
    assert returned - begun < time.monotonic() - returned


def test_a_killed_process_is_replaced(before: set[int]) -> None:
    render("graph{a}")
    (victim,) = children() - before
    os.kill(victim, signal.SIGKILL)
    assert b">b<" in render("graph{b}")
    assert victim not in children()


def test_a_drawing_that_crashes_graphviz_twice_is_an_error(before: set[int]) -> None:
    killed: set[int] = set()

    def kill_two() -> None:
        while len(killed) < 2:
            wait_for(lambda: any(cpu_seconds(pid) > 0.3 for pid in children() - before - killed), 20)
            (victim,) = children() - before - killed
            killed.add(victim)
            os.kill(victim, signal.SIGSEGV)

    killer = threading.Thread(target=kill_two)
    killer.start()
    with pytest.raises(RenderError, match=r"Graphviz crashed over this drawing \(SIGSEGV\)") as caught:
        render(LONG, timeout=30)
    killer.join()
    assert not isinstance(caught.value, RenderTimeoutError)
    assert b">b<" in render("graph{b}")


def test_a_long_layout_keeps_nobody_waiting(before: set[int]) -> None:
    render("graph{a}")
    (first,) = children() - before
    with ThreadPoolExecutor() as threads:
        begun = cpu_seconds(first)
        long = threads.submit(render, LONG, timeout=2)
        wait_for(lambda: cpu_seconds(first) > begun + 0.1)
        assert b">b<" in render("graph{b}")
        assert not long.done()
        assert isinstance(long.exception(), RenderTimeoutError)
    assert len(children() - before) == pools.SEATS


def test_every_thread_gets_its_own_drawing(before: set[int]) -> None:
    def drawn(i: int) -> bool:
        return f">node {i}</text>".encode() in render(f'graph{{"node {i}"}}')

    with ThreadPoolExecutor(max_workers=8) as threads:
        assert all(threads.map(drawn, range(200)))
    assert len(children() - before) <= pools.SEATS


def test_an_answer_is_not_left_for_the_next_one(fresh_pool: pools.Pool) -> None:
    def interrupted(stream: object) -> None:
        raise KeyboardInterrupt

    render("graph{first}")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(processes, "read_frame", interrupted)
        with pytest.raises(KeyboardInterrupt):
            render("graph{second}")
    assert b">third<" in render("graph{third}")


def test_a_process_retires_after_many_drawings(monkeypatch: pytest.MonkeyPatch, before: set[int]) -> None:
    monkeypatch.setattr(pools, "RETIRE_AFTER", 3)
    seen = set()
    for _ in range(6):
        render("graph{a}")
        seen |= children() - before
    assert len(seen) == 3  # two have retired, the third is getting warm
    assert len(children() - before) == 1


def test_a_process_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RenderError, match=r"does not start \(exit status 1\)"):
        render("graph{a}")


def test_a_missing_pygraphviz_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.joinpath("sitecustomize.py").write_text("import sys; sys.modules['pygraphviz'] = None")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RenderError, match=r"pygraphviz does not load.*pip install pygraphviz"):
        render("graph{a}")


def test_files_of_the_user_are_not_taken_for_the_standard_library(tmp_path: Path, script: Script) -> None:
    tmp_path.joinpath("json.py").write_text("raise SystemExit('this is not json')")
    code = "from graphviz_tools.render.render import render; print(len(render('graph{a}')))"
    process = script(code, cwd=tmp_path)
    assert int(process.communicate(timeout=30)[0]) > 100


def test_after_a_fork_both_processes_draw(script: Script) -> None:
    process = script(
        """
        import os
        from graphviz_tools.render.render import render
        one = render("graph{a}")
        pid = os.fork()
        print(all(render("graph{a}") == one for _ in range(50)), flush=True)
        if pid:
            print(os.waitpid(pid, 0)[1])
        """
    )
    assert sorted(process.communicate(timeout=60)[0].split()) == ["0", "True", "True"]
    assert process.returncode == 0


def test_processes_end_with_the_interpreter(script: Script) -> None:
    process = script(
        """
        from graphviz_tools.render.render import render
        render("graph{a}")
        print(flush=True)
        sys.stdin.read()
        """
    )
    process.stdout.readline()  # type: ignore[union-attr]
    workers = children(process.pid)
    assert len(workers) == 1
    process.communicate(timeout=30)
    wait_for(lambda: not any(map(is_running, workers)))


@pytest.mark.parametrize("busy", [False, True], ids=["while idle", "in the middle of a layout"])
def test_processes_do_not_outlive_a_killed_parent(busy: bool, script: Script) -> None:
    process = script(
        f"""
        from graphviz_tools.render.render import render
        render("graph{{a}}")
        print(flush=True)
        {f"render({LONG!r}, timeout=3)" if busy else "sys.stdin.read()"}
        """
    )
    process.stdout.readline()  # type: ignore[union-attr]
    (worker,) = children(process.pid)
    begun = cpu_seconds(worker)
    wait_for(lambda: not busy or cpu_seconds(worker) > begun + 0.1)
    process.kill()
    process.wait()
    wait_for(lambda: not is_running(worker), 15)
