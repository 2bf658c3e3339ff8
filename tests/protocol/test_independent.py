"""A second program, which shares no code with this one, has to find the same in every vector.

It runs in a virtual environment of its own, built once in ``.venv-cose`` by pip.  Without a network
that fails; STEELYARD_WITHOUT_COSE=1 then skips these tests, and says so.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from protocol.vectors.make import FOLDER

HERE = Path(__file__).parent / "independent"
ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv-cose"
REQUIREMENTS = HERE / "requirements.txt"
SKIP = "STEELYARD_WITHOUT_COSE"
BUILD_S, CHECK_S = 300, 120

Findings = dict[str, list[list[Any]]]


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of the other environment, which is built anew when what it needs changes."""
    if os.environ.get(SKIP):
        pytest.skip(f"{SKIP} is set: the vectors were not checked by an independent program")
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = HOME / "ready"
        wanted = f"{sys.version}\n{REQUIREMENTS.read_text()}"
        if not ready.exists() or ready.read_text() != wanted:
            ready.unlink(missing_ok=True)
            _run(sys.executable, "-m", "venv", "--clear", str(HOME / "env"))
            pip = (str(HOME / "env/bin/python"), "-m", "pip", "install", "--quiet")
            _run(*pip, "--disable-pip-version-check", "-r", str(REQUIREMENTS))
            ready.write_text(wanted)
    return HOME / "env/bin/python"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S, check=False)
    if done.returncode:
        pytest.fail(
            f"the environment of the independent check cannot be built: {' '.join(command)}\n"
            f"{done.stderr.strip()[-800:]}\n"
            f"It needs a network once; {SKIP}=1 leaves this check out."
        )


def _check(python: Path, folder: Path) -> Findings:
    """The findings of the other program; nothing of this repository is on its path."""
    command = (str(python), "-I", str(HERE / "check.py"), str(ROOT / "protocol/record.cddl"))
    done = subprocess.run(
        (*command, str(folder)), capture_output=True, text=True, timeout=CHECK_S, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: Findings = json.loads(done.stdout)
    return found


def _expected(folder: Path) -> Findings:
    vectors = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return {
        vector["name"]: [[finding["code"], finding["seq"]] for finding in vector["findings"]]
        for vector in vectors
    }


def test_an_independent_program_finds_the_same_in_every_vector(python: Path) -> None:
    expected = _expected(FOLDER / "ledgers")
    assert len(expected) >= 30
    assert _check(python, FOLDER / "ledgers") == expected


def test_it_looks_at_the_bytes(python: Path, tmp_path: Path) -> None:
    """The same names over other bytes: a check that read the expected findings would not see it."""
    vector = json.loads((FOLDER / "ledgers/sound-three.json").read_text())
    sealed = bytearray.fromhex(vector["rows"][1]["sealed"])
    sealed[-1] ^= 0x20
    vector["rows"][1]["sealed"] = sealed.hex()
    (tmp_path / "sound-three.json").write_text(json.dumps(vector))
    assert _check(python, tmp_path) == {"sound-three": [["signature", 2]]}


def test_it_imports_nothing_of_this_program() -> None:
    text = (HERE / "check.py").read_text()
    names = [line.split()[1] for line in text.splitlines() if line.startswith(("import", "from"))]
    own = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert not {name.split(".")[0] for name in names} & own
