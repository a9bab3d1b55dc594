"""Looks the pinned libraries up in a database of known vulnerabilities, where one can be reached.

`make check` calls it. A finding fails; that nobody can be reached, or answers within some seconds, does not.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
ACCEPTED: dict[str, str] = {}
"""Findings by their ids, and why each does not concern us."""
PROBE_SECONDS, WHOLE_SECONDS = 8.0, 90.0


def asked(lock: Path, seconds: float) -> dict[str, Any] | None:
    """What the database knows of the libraries in a lock file; None: it can't be reached, or takes too long."""
    words = ["--requirement", str(lock), "--disable-pip", "--require-hashes", "--format", "json"]
    quiet = ["--progress-spinner", "off", "--timeout", "4", "--desc", "off"]
    try:
        done = subprocess.run(
            [Path(sys.executable).with_name("pip-audit"), *words, *quiet],
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        return None
    return found


def first_of(lock: Path) -> str:
    """The lock's first library with its hashes: to see whether anybody answers."""
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    end = next(number for number, line in enumerate(lines) if line and not line.endswith("\\"))
    return "\n".join(lines[: end + 1]) + "\n"


def findings(found: dict[str, Any]) -> list[str]:
    """One line for each that is not accepted."""
    return [
        f"{one['name']} {one['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'none'}"
        for one in found["dependencies"]
        for known in one.get("vulns", ())
        if not {known["id"], *known.get("aliases", ())} & set(ACCEPTED)
    ]


def main() -> int:
    """The exit code."""
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder, "probe.lock")
        probe.write_text(first_of(LOCK), encoding="utf-8")
        reachable = asked(probe, PROBE_SECONDS) is not None
    found = asked(LOCK, WHOLE_SECONDS) if reachable else None
    if found is None:
        print("audit: no database of vulnerabilities is reachable; nothing was looked up")
        return 0
    said = findings(found)
    print("\n".join([*said, f"audit: {len(found['dependencies'])} libraries, {len(said)} findings"]))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
