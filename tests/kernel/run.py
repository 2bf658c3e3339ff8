"""Boots the kernel that ``vm.sh`` built, and ``guest.py`` in it: `run.py WORKDIR`.

The machine sees the host's files read-only, so that it runs this checkout with its own Python.  Its
second serial port, a real 8250, leads to an emulated indicator here.  Exit status 0: all checks
passed before ``LIMIT_S``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from sim.emulators.indicators import YaohuaEmulator
from sim.emulators.serve import OnTcp

LIMIT_S = 300
HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PASSED = "KERNEL TESTS END WITH 0"
MACHINE = "-M q35 -accel tcg,thread=single -cpu max -m 768 -nodefaults -no-reboot -display none"
KERNEL_WORDS = "console=ttyS0 quiet mitigations=off nokaslr panic=-1"
ENVIRONMENT = {
    "PYTHONPATH": f"{REPOSITORY}:{HERE}",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TMPDIR": "/run",
    "HOME": "/run",
    "PATH": "/usr/bin:/bin",
    # rpi-lgpio asks these in place of the board's own papers.
    "RPI_LGPIO_REVISION": "a02082",
    "RPI_LGPIO_CHIP": "0",
}


def main(work: Path) -> int:
    """Boot, watch, and say how it ended."""
    script = work / "guest.sh"
    words = " ".join(f"{name}='{value}'" for name, value in ENVIRONMENT.items())
    script.write_text(f"cd /run\nexec env {words} '{sys.executable}' '{HERE}/guest.py'\n", "utf-8")
    if " " in str(script):
        sys.stderr.write(f"{script}: a kernel takes no blank in a path; choose another folder\n")
        return 2
    indicator = YaohuaEmulator(weight_g=54_320_000)
    served = OnTcp(indicator)
    try:
        return _boot(work, script, served.port)
    finally:
        served.close()


def _boot(work: Path, script: Path, port: str) -> int:
    command = ["qemu-system-x86_64", *MACHINE.split(), "-monitor", "none", "-serial", "stdio"]
    command += ["-chardev", f"socket,id=indicator,host=127.0.0.1,port={port.split(':')[1]}"]
    command += ["-device", "isa-serial,chardev=indicator"]
    command += ["-kernel", str(work / "vmlinux"), "-initrd", str(work / "ramdisk.gz")]
    command += ["-append", f"{KERNEL_WORDS} steelyard={script}", "-virtfs"]
    command += ["local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
    passed = False
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as machine:
        stop = threading.Timer(LIMIT_S, machine.kill)
        stop.start()
        assert machine.stdout is not None
        with (work / "last.log").open("w", encoding="utf-8") as log:
            for line in machine.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                log.write(line)
                passed = passed or line.startswith(PASSED)
        stop.cancel()
    if not passed:
        sys.stderr.write(
            f"the kernel tests failed or took more than {LIMIT_S} s; {work}/last.log\n"
        )
    return 0 if passed else 1


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main(Path(sys.argv[1]).resolve()))
