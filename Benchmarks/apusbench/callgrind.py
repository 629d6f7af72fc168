"""User-space instructions of a program under callgrind, by thread and function."""
import glob
import os
import shutil
import subprocess
from collections import Counter

from .machine import BenchmarkError


def wrapper(directory):
    """What stands before a command line to run it under callgrind; one file of figures for each thread."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise BenchmarkError("valgrind is not installed (Debian: apt install valgrind)")
    return ["env", f"LD_PRELOAD={_sigsuspend_library(directory)}", valgrind, "--tool=callgrind",
            "--separate-threads=yes", "--compress-strings=no", "--compress-pos=no",
            f"--callgrind-out-file={directory}/callgrind.out"]


def without_debug_information(binary, directory):
    """A copy with its symbols only: valgrind's reader of debug information (seen: 3.19) gives up on DWARF 5."""
    strip = shutil.which("strip") or shutil.which("llvm-strip")
    if not strip:
        raise BenchmarkError("no `strip` (Debian: apt install binutils)")
    copy = os.path.join(directory, os.path.basename(binary))
    subprocess.run([strip, "--strip-debug", "-o", copy, binary], check=True)
    return copy


def _sigsuspend_library(directory):
    """Builds support/sigsuspend.c, which says what it is for."""
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        raise BenchmarkError("no C compiler: clang comes with Swift, put it on PATH")
    source = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support", "sigsuspend.c")
    library = os.path.join(directory, "sigsuspend.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library


def read_threads(directory):
    """{thread number: Counter of instructions by function}, of a program that has ended."""
    threads = {}
    for path in glob.glob(os.path.join(directory, "callgrind.out-*")):
        threads[int(path.rsplit("-", 1)[1])] = _read(path)
    if not threads:
        raise BenchmarkError(f"callgrind left no figures in {directory}")
    return threads


def _read(path):
    functions, name, after_call = Counter(), "?", False
    with open(path, errors="replace") as file:
        for line in file:
            if line.startswith("fn="):
                name = line[3:].strip()
            elif line.startswith("calls="):
                after_call = True
            elif line[:1].isdigit():
                # The line after `calls=` is the cost of the callee, which stands under its own name too.
                if not after_call:
                    functions[name] += int(line.split()[1])
                after_call = False
    return functions


def demangled(names):
    """Swift's names as people write them, where `swift demangle` is at hand."""
    swift = shutil.which("swift")
    if not swift:
        return list(names)
    done = subprocess.run([swift, "demangle", "--compact"], input="\n".join(names), capture_output=True, text=True)
    lines = done.stdout.splitlines()
    return lines if len(lines) == len(names) else list(names)
