"""Runs a command and prints its peak memory (resident set, as the kernel counts it).

    python3 tests/benches/journey/memory.py target/release/portraitist draw --out target/memory
"""
import resource
import subprocess
import sys

subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"peak memory: {peak_kib / 1024:.0f} MiB")
