"""The table of sentences and tests is true."""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).parent))

import table  # noqa: E402


def test_every_sentence_has_a_test_and_every_mark_a_sentence():
    assert not table.mistakes()


def test_the_page_is_up_to_date():
    assert table.FILE.read_text(encoding="utf-8") == table.rendered(), "run `make conformance-table`"
