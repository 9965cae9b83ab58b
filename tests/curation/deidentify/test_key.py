from __future__ import annotations

import os
import stat

import pytest

from curation.deidentify.key import KEY_FILE, Key, read_key
from curation.errors import ConfigError


def test_a_key_is_made_once_and_only_for_its_owner(tmp_path):
    made = read_key(tmp_path)
    assert read_key(tmp_path).pseudonym("a") == made.pseudonym("a")
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert (tmp_path / KEY_FILE).read_text(encoding="ascii").strip() not in repr(made)


def test_another_key_says_something_else():
    one, other = Key(b"a" * 32), Key(b"b" * 32)
    assert one.pseudonym("x") != other.pseudonym("x")
    assert [one.draws("x").below(1000) for _ in range(2)] == [one.draws("x").below(1000)] * 2
    assert one.draws("x", "y").below(10**9) != one.draws("xy").below(10**9)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    read_key(tmp_path)
    os.chmod(tmp_path / KEY_FILE, 0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_key(tmp_path)


def test_a_file_that_is_no_key_is_refused(tmp_path):
    (tmp_path / KEY_FILE).write_text("secret\n", encoding="ascii")
    os.chmod(tmp_path / KEY_FILE, 0o600)
    with pytest.raises(ConfigError, match="hexadecimal"):
        read_key(tmp_path)
