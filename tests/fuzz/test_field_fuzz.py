"""A short run of the coverage-guided fuzzer over the parsers of field devices."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

TARGET = Path(__file__).parent / "atheris_field.py"


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris")
def test_nothing_that_comes_from_the_field_leaves_its_parser_as_an_exception(
    tmp_path: Path,
) -> None:
    ran = subprocess.run(
        [sys.executable, str(TARGET), "-runs=2000", "-seed=1", "-max_len=600", "-verbosity=0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
