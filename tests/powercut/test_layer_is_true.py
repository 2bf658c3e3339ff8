"""The taps log what the system is really asked to do, in its order: compared with strace."""

from __future__ import annotations

import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from sim.disk.recorder import IGNORED
from sim.disk.volatile import Name, Operation, SyncFile, SyncFolder, Truncate, Write

TRACED = "openat,fsync,fdatasync,unlink,rmdir,link,pwrite64,write,ftruncate,rename,mkdir"
DRAWN = re.compile(r"(?<=\.)[0-9a-f]{8}(?=\.part$)|(?<=keys/)[0-9a-f]{16}")
"""What is another in the names of every run: a part's number, and the key of the day."""
CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)(?:<(.*?)>)?")
PATH = re.compile(r'(?:\d+)<(.*?)>|"(.*?)"(?:\.\.\.)?')
RUN = dedent("""
    import pickle
    import sys
    from pathlib import Path
    from morning import run
    from sim.disk.calls import recording
    folder = Path(sys.argv[1])
    if sys.argv[2] == "tapped":
        with recording(folder) as recorder:
            run(folder, recorder)
        Path(sys.argv[3]).write_bytes(pickle.dumps(recorder.log))
    else:
        run(folder)
""")

Call = tuple[object, ...]


def traced(folder: Path, way: str) -> tuple[list[Call], Path]:
    """The calls of a morning in a process of its own, and where a tapped one left its log."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    data, trace, log = folder / "data", folder / "trace", folder / "log"
    data.mkdir()
    command = [strace, "-f", "-y", "-s", "0", "-o", str(trace), "-e", f"trace={TRACED}"]
    python = [sys.executable, "-c", RUN, str(data), way, str(log)]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [*command, *python], env=environment, capture_output=True, text=True, check=False
    )
    if "ptrace" in done.stderr and done.returncode:
        pytest.skip(f"strace may not trace here: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return list(_calls(trace.read_text().splitlines(), str(data))), log


def _calls(lines: list[str], root: str) -> Iterator[Call]:
    """What was asked of the files under ``root``, as (what, name, ...); failures left out."""
    known: set[str] = set()
    for line in lines:
        found = CALL.search(line)
        if found is None or found[3].startswith("-"):
            continue
        what, arguments = found[1], found[2]
        paths = [a or b for a, b in PATH.findall(arguments)]
        if what == "openat":
            paths = paths[-1:]
        names = [_name(p, root) for p in paths if p == root or p.startswith(root + "/")]
        if names and not names[0].endswith(IGNORED):
            yield from _call(what, names, arguments.split(", "), known)


def _name(path: str, root: str) -> str:
    return DRAWN.sub("X", path[len(root) :].lstrip("/"))


def _call(what: str, names: list[str], arguments: list[str], known: set[str]) -> Iterator[Call]:
    name = names[0]
    if what == "openat":
        if "O_CREAT" in arguments[2] and name not in known:
            known.add(name)
            yield ("name", name)
    elif what in ("unlink", "rmdir"):
        known.discard(name)
        yield ("gone", name)
    elif what == "rename":
        known.discard(name)
        known.add(names[1])
        yield ("gone", name)
        yield ("name", names[1])
    elif what == "link":
        known.add(names[1])
        yield ("name", names[1])
    elif what == "mkdir":
        yield ("name", name)
    elif what in ("fsync", "fdatasync"):
        yield ("sync", name)
    elif what == "ftruncate":
        yield ("truncate", name, int(arguments[1]))
    else:
        yield ("write", name, int(arguments[2]))


def logged(log: list[Operation]) -> Iterator[Call]:
    """The same from a log."""
    names: dict[int, str] = {}
    for operation in log:
        match operation:
            case Name(bindings):
                for given, inode in bindings:
                    name = _name(given, "")
                    yield ("gone" if inode is None else "name", name)
                    if inode:
                        names[inode] = name
            case Write(inode, _, data):
                yield ("write", names[inode], len(data))
            case Truncate(inode, size):
                yield ("truncate", names[inode], size)
            case SyncFile(inode):
                yield ("sync", names[inode])
            case SyncFolder(folder):
                yield ("sync", folder)


def test_the_log_is_what_the_system_was_asked_to_do(tmp_path: Path) -> None:
    calls, log = traced(tmp_path, "tapped")
    assert list(logged(pickle.loads(log.read_bytes()))) == calls


def test_the_sqlite_of_production_asks_for_the_same(tmp_path: Path) -> None:
    (tmp_path / "tapped").mkdir()
    (tmp_path / "plain").mkdir()
    tapped, _ = traced(tmp_path / "tapped", "tapped")
    plain, _ = traced(tmp_path / "plain", "plain")
    assert tapped == plain
