"""CSV in every dress: the dialect is found, the cells arrive as meant, and what is wrong is named with its line."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import DataError

PEOPLE = "name,age,city\nAnna,31,Wien\nBob,44,Bonn\nCleo,,Rom\n"
ROWS = [("Anna", "31", "Wien"), ("Bob", "44", "Bonn"), ("Cleo", None, "Rom")]


def write(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, **reading: object) -> tuple[tuple[str, ...], list[tuple[str | None, ...]]]:
    """The columns, and the rows with their cells stripped as ingest does."""
    opened = open_source((path,), Reading(path.parent, **{"target": "", **reading}))
    rows = [tuple(row.values()) for batch in opened.batches() for row in pa.table(batch).to_pylist()]
    return opened.columns, [tuple((cell or "").strip() or None for cell in row) for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        PEOPLE,
        PEOPLE.replace(",", "\t"),
        PEOPLE.replace(",", ";"),
        PEOPLE.replace(",", "|"),
        PEOPLE.replace(",", ", "),
        PEOPLE.replace("\n", "\r\n"),
        PEOPLE.rstrip("\n"),
        PEOPLE + "\n\n",
        "\ufeff" + PEOPLE,
        PEOPLE.replace(",,", ",?,"),
        PEOPLE.replace(",,", ", NA,"),
        PEOPLE.replace("Wien", '"Wien"'),
        PEOPLE.replace("Wien", "'Wien'").replace("Bonn", "'Bonn'").replace("Rom", "'Rom'"),
        PEOPLE.replace("Wien", ' "Wien"'),
        "# made by hand\n" + PEOPLE,
        "a report\n\nof people\n" + PEOPLE,
        "name age city\nAnna   31  Wien\nBob\t44 Bonn\nCleo NA Rom\n",
    ],
)
def test_every_dialect_gives_the_same_rows(tmp_path: Path, content: str) -> None:
    assert read(write(tmp_path, content)) == (("name", "age", "city"), ROWS)


CHINESE = "姓名,年龄,城市\n" + "".join(f"王{c}明,{30 + i},北京市\n" for i, c in enumerate("小大中天月"))
FRENCH = "prénom,âge,ville\n" + "".join(f"Hélène{i},{i},Besançon\n" for i in range(9))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [(CHINESE, "gb18030"), (CHINESE, "utf-16"), (CHINESE, "utf-8-sig"), (FRENCH, "cp1252"), (FRENCH, "utf-16-le")],
)
def test_the_encoding_is_found(tmp_path: Path, content: str, encoding: str) -> None:
    columns, rows = read(write(tmp_path, content.encode(encoding)))
    assert [columns, *rows] == [tuple(line.split(",")) for line in content.splitlines()]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "名前,都市\n太郎,東京\n花子,大阪\n".encode("shift_jis"))
    assert read(path, encoding="shift_jis")[1] == [("太郎", "東京"), ("花子", "大阪")]
    with pytest.raises(DataError, match="no known encoding"):
        read(path, encoding="utf-9")


@pytest.mark.parametrize("pack", [gzip.compress, lambda c: pa.compress(c, "zstd", asbytes=True)], ids=["gzip", "zstd"])
def test_compressed_files_are_read_by_content_and_not_by_name(tmp_path: Path, pack: object) -> None:
    assert read(write(tmp_path, pack(PEOPLE.encode())))[1] == ROWS  # type: ignore[operator]


def test_a_file_without_header_gets_column_names(tmp_path: Path) -> None:
    path = write(tmp_path, PEOPLE.split("\n", 1)[1])
    assert read(path) == (("column_1", "column_2", "column_3"), ROWS)
    assert read(path, columns=("a", "b", "c"))[0] == ("a", "b", "c")


def test_all_texts_without_header_are_recognised_by_values_that_come_again(tmp_path: Path) -> None:
    path = write(tmp_path, "e,x,s\np,x,y\ne,b,s\ne,x,y\n")
    assert read(path)[0] == ("column_1", "column_2", "column_3")


def test_names_in_the_yaml_make_the_first_line_a_header(tmp_path: Path) -> None:
    path = write(tmp_path, "2019,2020\n1,2\n3,4\n")
    assert read(path)[0] == ("column_1", "column_2")
    assert read(path, target="2020")[0] == ("2019", "2020")


def test_tables_written_by_r_have_row_names(tmp_path: Path) -> None:
    assert read(write(tmp_path, 'x y\n"1" 5 6\n"2" 7 8\n'))[0] == ("row_name", "x", "y")


@pytest.mark.parametrize("cells", ["1.234,56;(1.000,50)", "R$ 1.234,56;12,5-", "1'234.56;€ 12,50", "-1 234,56;$1,234"])
def test_marks_in_numbers_are_no_delimiters(tmp_path: Path, cells: str) -> None:
    opened = open_source((write(tmp_path, "x;y\n" + f"{cells}\n" * 50),), Reading(tmp_path))
    assert opened.columns == ("x", "y")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("a,b\n1,2\n3\n4,5\n".encode("utf-16"), 3, "it has 1 cells, and the others have 2"),
        (b"\n\na,b\n\n1,2\n\n3\n4,5\n", 7, "it has 1 cells, and the others have 2"),
        (b"a,b\n1,2\n3,4,5\n6,7\n", 3, "it has 3 cells, and the others have 2"),
        (b'a, b\n1, "2"\n3\n4, "5"\n', 3, "it has 1 cells"),
        (b"a,b\n1,2\n3\n", None, ""),
        (b"a,b\n1,2\n3", 3, "it has 1 cells"),
        (b"a,b\n" + b'1,"u"\n' * 30 + b'3,"x\n4,5\n', 32, "a quote opens in it"),
        (b"a,b,c\n" + b'1,"u",2\n' * 30 + b'3,"x,2\n4,"v",5\n6,"w",7\n', 32, "a quote opens in it"),
        (b"a,b,c\n" + b'1,"u",2\n' * 3000 + b'3,"x,2\n' + b"4,5,6\n" * 30, 3002, "a quote opens in it"),
        (
            b"a,b,,\n" + b"1,2,,\n" * 2000 + b"3,4,5,\n6,7,,\n",
            2002,
            "its cell 3 has a value, and that column has no name",
        ),
        (b"a,b\n1,\xc3\xa9\n3,\xe9\n", 3, "the byte in column 3 is not utf-8"),
        (b"a,b\n1,2\n3,x\0y\n" + b"4,z\n" * 99, 3, "there is a zero byte in column 4"),
        (b"a,b\n" + (b"1," + b"2" * 97 + b"\n") * 90_000 + b"3,\xe9\n4,5\n", 90_002, "the byte in column 3 is not"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_read(
    tmp_path: Path, content: bytes, line: int | None, reason: str
) -> None:
    opened = open_source((write(tmp_path, content),), Reading(tmp_path, target=""))
    for _ in range(2):  # whoever reads again gets the same
        rows = sum(map(len, opened.batches()))
    assert [one.where for one in opened.unread] == ([f"people.csv, line {line}"] if line else [])
    assert all(reason in one.reason for one in opened.unread)
    assert rows > 0


def test_the_place_of_a_row_that_cannot_be_read_is_that_among_the_rows(tmp_path: Path) -> None:
    write(tmp_path, "a,b\n1,2\n3\n4,5\n", "1.csv")
    write(tmp_path, "# b\n\na,b\n\n1,2\na,b\n6,7\n8\n9,1\n", "2.csv")
    opened = open_source((tmp_path / "*.csv",), Reading(tmp_path, target=""))
    assert sum(map(len, opened.batches())) == 5
    assert [(one.row, one.where) for one in opened.unread] == [(2, "1.csv, line 3"), (6, "2.csv, line 8")]
    assert opened.later == ["2.csv: 1 line that repeats the header left out."]


def test_stray_quotes_do_not_swallow_lines(tmp_path: Path) -> None:
    lines = [f"ham\tit's {i}\n" for i in range(20)]
    lines[3], lines[7] = 'spam\t"Hello\n', 'ham\tbye"\n'
    assert len(read(write(tmp_path, "".join(lines)))[1]) == 20


def test_the_public_sms_set_keeps_all_its_rows(data, tmp_path: Path) -> None:
    opened = open_source((data("sms_spam/SMSSpamCollection"),), Reading(tmp_path))
    assert sum(map(len, opened.batches())) == 5574


def test_blanks_before_quotes_keep_the_delimiters_inside(tmp_path: Path) -> None:
    path = write(tmp_path, 'a, b, c\n1, "x, y", 2\n3, "z", 4\n')
    assert read(path)[1] == [("1", "x, y", "2"), ("3", "z", "4")]


def test_lines_inside_quotes_are_one_cell(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b\n1,"two\nlines"\n2,"say ""hi"", all"\n')
    assert read(path)[1] == [("1", "two\nlines"), ("2", 'say "hi", all')]


def test_quotes_after_backslashes(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b\n1,"say \\"hi\\", all"\n2,"x"\n')
    assert read(path)[1] == [("1", 'say "hi", all'), ("2", "x")]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(rows=st.lists(st.tuples(st.integers(), TEXT, TEXT), min_size=2, max_size=20))
@example(rows=[(0, "", ""), (0, "", " |")])
def test_what_python_writes_is_read_back(tmp_path: Path, rows: list[tuple[int, str, str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows([("n", "text", "more"), *rows])
    columns, found = read(write(tmp_path, file.getvalue()), target="n", missing=())
    assert columns == ("n", "text", "more")
    assert found == [tuple(str(cell).strip() or None for cell in row) for row in rows]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a,a\n1,2\n", 'column "a" is there 2 times'),
        (b"just\nwords\n", "no delimiter"),
        (b"a,b\n\x00\x01\x02,\xff\n", "not a text file"),
        (gzip.compress(PEOPLE.encode() * 100, mtime=0)[:-20], "gzip file is truncated"),
        (pa.compress(PEOPLE.encode() * 5000, "zstd", asbytes=True)[:-20], "zstd file is truncated"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(write(tmp_path, content))


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, PEOPLE)
    with pytest.raises(DataError, match=r'no such file.*Did you mean "people.csv"'):
        read(tmp_path / "peple.csv")
    with pytest.raises(DataError, match="no file matches"):
        read(tmp_path / "*.tsv")


def test_a_glob_joins_files_whose_columns_are_in_any_order(tmp_path: Path) -> None:
    write(tmp_path, "a,b\n1,x\n", "1.csv")
    write(tmp_path, "b,a\ny,2\n", "2.csv")
    assert read(tmp_path / "*.csv") == (("a", "b"), [("1", "x"), ("2", "y")])


def test_files_without_a_header_must_have_the_same_columns(tmp_path: Path) -> None:
    write(tmp_path, "1,x\n2,y\n", "1.csv")
    write(tmp_path, "3,z,4\n5,w,6\n", "2.csv")
    with pytest.raises(DataError, match=r"1.csv: its rows have 2 cells.*3.*header line"):
        read(tmp_path / "*.csv")


def test_more_rows_than_a_block_arrive_in_order(tmp_path: Path) -> None:
    text = "n,filler\n" + "".join(f"{i},{'x' * 90}\n" for i in range(300_000))
    numbers = [n for n, _ in read(write(tmp_path, text))[1]]
    assert numbers == [str(i) for i in range(300_000)]
