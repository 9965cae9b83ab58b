"""Label Studio reads the key again by which it signs: the token of the service account is known to the server."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from annotation.label_studio.server import server
from annotation.label_studio.server.signing_key import FILE, LINE, ensure_signing_key
from annotation.label_studio.session import connect

READ = ("SECRET_KEY=abc$1", "\nSECRET_KEY='a#b'\n", 'export SECRET_KEY="x y"', "SECRET_KEY=$a\nSECRET_KEY=b\n")
NOT_READ = (
    "",
    "\n",
    "SECRET_KEY=",
    "SECRET_KEY=''",
    "SECRET_KEY=$abc%^",
    'SECRET_KEY="$a"',
    "SECRET_KEY=b\nSECRET_KEY=$a",
)


@pytest.mark.parametrize("content", READ)
def test_a_key_that_is_read_again_stays(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert not ensure_signing_key(tmp_path)
    assert (tmp_path / FILE).read_text() == content


@pytest.mark.parametrize("content", [None, *NOT_READ, "OTHER=1"])
def test_where_none_is_read_again_there_is_a_new_one_after_it(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content)
    assert ensure_signing_key(tmp_path)
    kept = (tmp_path / FILE).read_text()
    assert kept.startswith(content or "")
    assert [match["key"] for match in LINE.finditer(kept)][-1].isalnum()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert not ensure_signing_key(tmp_path)


def test_a_server_with_a_key_that_it_would_not_read_again_knows_our_token(label_studio, tmp_path: Path) -> None:
    data = tmp_path / "label-studio" / "data"
    data.mkdir(parents=True)
    (data / FILE).write_text("\nSECRET_KEY=$abc%^def\n")
    server.start(tmp_path, label_studio.settings)
    try:
        with connect(tmp_path, label_studio.settings) as client:
            assert client.users()
    finally:
        server.stop(tmp_path)
    assert len(LINE.findall((data / FILE).read_text())) == 2
