"""The bytes of files and of folders that are one source."""

import hashlib
import shutil

import pytest

from livingcircle.sources import content


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "规划.gdb"
    (made / "in").mkdir(parents=True)
    for name, data in (("b.gdbtable", b"two"), ("a.gdbtable", b"one"), ("in/c.gdbtable", b"three")):
        (made / name).write_bytes(data)
    return made


def test_a_file_has_the_digest_that_everybody_reckons(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"abc")
    #  of FIPS 180-2, appendix B.1
    assert content.size_and_digest(file) == (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_a_folder_has_one_digest_over_names_and_content(folder):
    #  the same by hand: a line of name and digest for each file, in the order of names
    lines = "".join(
        f'["{name}", "{hashlib.sha256(data).hexdigest()}"]\n'
        for name, data in (("a.gdbtable", b"one"), ("b.gdbtable", b"two"), ("in/c.gdbtable", b"three"))
    )
    assert content.size_and_digest(folder) == (11, hashlib.sha256(lines.encode()).hexdigest())


def test_locks_dates_and_places_do_not_count(folder, tmp_path):
    before = content.size_and_digest(folder)
    (folder / "_gdb.PC7.1.2.sr.lock").write_bytes(b"open")
    (folder / "in" / "X.LOCK").write_bytes(b"open")
    assert content.size_and_digest(folder) == before
    assert [file.name for file in content.files_within(folder)] == ["a.gdbtable", "b.gdbtable", "c.gdbtable"]
    assert content.size_and_digest(shutil.copytree(folder, tmp_path / "elsewhere" / "别名.gdb", copy_function=shutil.copyfile)) == before


def test_names_and_content_count(folder):
    seen = {content.size_and_digest(folder)[1]}
    (folder / "a.gdbtable").write_bytes(b"ONE")
    seen.add(content.size_and_digest(folder)[1])
    (folder / "a.gdbtable").rename(folder / "d.gdbtable")
    seen.add(content.size_and_digest(folder)[1])
    (folder / "d.gdbtable").rename(folder / "in" / "d.gdbtable")
    seen.add(content.size_and_digest(folder)[1])
    (folder / "e.gdbtable").touch()
    seen.add(content.size_and_digest(folder)[1])
    assert len(seen) == 5


def test_what_is_there(folder, tmp_path):
    (tmp_path / "a.GDB").mkdir()
    (tmp_path / "a.gpkg").mkdir()
    (tmp_path / "b.gpkg").touch()
    (tmp_path / "b.gdb").touch()
    there = {name: content.is_there(tmp_path / name) for name in ("规划.gdb", "a.GDB", "a.gpkg", "b.gpkg", "b.gdb", "c.gdb")}
    assert there == {"规划.gdb": True, "a.GDB": True, "a.gpkg": False, "b.gpkg": True, "b.gdb": True, "c.gdb": False}


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(OSError):
        content.size_and_digest(tmp_path / "none")
