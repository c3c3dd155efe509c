#!/usr/bin/env python3
"""Prints `N passed, N failed` from the results that scripts/test left in a folder.

Exits with 1 when a test failed, when a result file is missing, or when nothing ran.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count_lit(path: pathlib.Path) -> tuple[int, int]:
    """Passed and failed tests of a lit result file."""
    codes = [test["code"] for test in json.loads(path.read_text())["tests"]]
    passed = sum(code in ("PASS", "XFAIL", "FLAKYPASS") for code in codes)
    skipped = sum(code in ("UNSUPPORTED", "EXCLUDED", "SKIPPED") for code in codes)
    return passed, len(codes) - passed - skipped


def count_ctest(path: pathlib.Path) -> tuple[int, int]:
    """Passed and failed tests of a CTest JUnit file."""
    states = [case.get("status") for case in ElementTree.parse(path).getroot().iter("testcase")]
    return states.count("run"), states.count("fail")


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    passed = failed = 0
    for name, count in (("lit.json", count_lit), ("ctest.xml", count_ctest)):
        path = folder / name
        if not path.exists():
            print(f"count-tests: error: {path} is missing: the runner ended early")
            failed += 1
            continue
        more_passed, more_failed = count(path)
        passed, failed = passed + more_passed, failed + more_failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
