"""Each faulty table: exit code 2, no output, a message with the place and the fix."""

import pytest

from tests.cli.tables import fit, lines_of_plant, write_plant


def changed(*changes: tuple[int, str, str]) -> str:
    """Replace text in lines, given by their number in the file."""
    lines = lines_of_plant()
    for number, old, new in changes:
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)
    return "\n".join(lines) + "\n"


def cell(line: int, column: int) -> str:
    return lines_of_plant()[line - 1].split(",")[column]


def with_lines(*numbers: int) -> str:
    """Lines of the file in another order, or repeated."""
    lines = lines_of_plant()
    return "\n".join(lines[number - 1] for number in numbers) + "\n"


REST = range(8, 121)
FAULTS = {
    "misspelt column": (changed((1, "feo", "FeO")), ['"feo" is missing', 'Did you mean "FeO"']),
    "words": (
        changed(
            (4, cell(4, 1), "Bad"),
            (9, cell(9, 1), "Bad"),
            (7, cell(7, 1), "No Data"),
            (6, cell(6, 2), "Non un numero"),
        ),
        [
            'column "flow": "Bad" (line 4, line 9), "No Data" (line 7)',
            'column "temperature": "Non un numero" (line 6)',
            '--missing "Bad,No Data,Non un numero"',
        ],
    ),
    "word in a target": (changed((5, cell(5, 4), "<0.1")), ['"strength": "<0.1" (line 5)']),
    "column of names": (
        "\n".join(
            line + (",shift" if number == 0 else f",crew {number % 3}")
            for number, line in enumerate(lines_of_plant())
        ),
        ['column "shift": "crew 1" (line 2, line 5', '--drop "shift"'],
    ),
    "other separator": ("\n".join(lines_of_plant()).replace(",", ";"), ['--separator ";"']),
    "decimal commas": (
        "\n".join(lines_of_plant()).replace(".", ","),
        ["line 2", "decimal commas", '--decimal ","'],
    ),
    "decimal commas in quotes": (
        changed(*[(n, cell(n, 1), '"' + cell(n, 1).replace(".", ",") + '"') for n in (4, 9)]),
        ['column "flow"', "(line 4)", '--decimal ","'],
    ),
    "too many fields": (changed((6, cell(6, 1), "1,2")), ["line 6: more fields"]),
    "duplicate times": (with_lines(1, 2, 3, 4, 5, 5, *REST), ["line 6", "as in line 5"]),
    "unsorted times": (with_lines(1, 2, 3, 5, 4, *REST), ["line 5", "not in time order", "Sort"]),
    "unreadable time": (
        changed((4, cell(4, 0), "yesterday"), (8, cell(8, 0), "")),
        ['line 4: "yesterday"', "line 8: empty", "--time-format"],
    ),
    "day before month": (
        changed(*[(n, "2024-01-01", "01.02.2024") for n in range(2, 122)]),
        ["line 2", "year first", "--time-format"],
    ),
    "infinite value": (changed((5, cell(5, 1), "inf")), ['"flow": line 5', "infinite"]),
    "empty file": ("", ["empty"]),
    "blank lines": ("\n\n\n", ["empty"]),
    "header only": (lines_of_plant()[0], ["no rows"]),
    "too few rows": (with_lines(1, 2, 3, 4), ["validation part"]),
    "no label": (
        "\n".join(
            ",".join([*line.split(",")[:3], "" if number else "feo", line.split(",")[4]])
            for number, line in enumerate(lines_of_plant())
        ),
        ['the target "feo"'],
    ),
    "input without values": (
        "\n".join(
            line + ("," if number else ",dead") for number, line in enumerate(lines_of_plant())
        ),
        ["dead", '--drop "dead"'],
    ),
    "duplicate column": (changed((1, "temperature", "flow")), ["line 1", 'column names: "flow"']),
    "column without name": (changed((1, "flow", "")), ["line 1", "column 2 of 5 has no name"]),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS)
def test_faulty_table(tmp_path, capsys, text, expected):
    table = tmp_path / "plant.csv"
    table.write_text(text)
    assert fit(table, tmp_path / "model") == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    assert "plant.csv" in message or "target" in message
    for part in expected:
        assert part in message
    assert [path.name for path in tmp_path.iterdir()] == ["plant.csv"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--features", "flow,feo"], '"feo" stands in --targets and in --features'),
        (["--drop", "time"], '"time" stands in --time and in --drop'),
        (["--drop", "flow,temperature"], "no column is left"),
        (["--max-epochs", "3"], "the model ridge has no such setting"),
        (["--encoding", "klingon"], '"klingon" is unknown'),
    ],
)
def test_wrong_options(tmp_path, capsys, options, expected):
    assert fit(write_plant(tmp_path / "plant.csv"), tmp_path / "model", *options) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--lags", "-1"],
        ["--contamination", "0.9"],
        ["--max-epochs", "0"],
        ["--missing", " "],
        ["--separator", "ab"],
        ["--drop", "flow,flow"],
    ],
)
def test_options_out_of_range(tmp_path, options):
    with pytest.raises(SystemExit) as stop:
        fit(write_plant(tmp_path / "plant.csv"), tmp_path / "model", *options)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("absent.csv", None, "no such file"),
        ("plant.xlsx", b"PK", "Known suffixes"),
        ("plant.parquet", b"PAR?", "no readable Parquet file"),
        ("plant.csv.gz", b"not gzip", "no complete gzip file"),
        ("plant.csv", "time,°C\n".encode("cp1252"), "line 1: the text is not utf-8"),
    ],
)
def test_unreadable_file(tmp_path, capsys, name, content, expected):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert fit(tmp_path / name, tmp_path / "model") == 2
    assert expected in capsys.readouterr().err


def test_the_suggested_fix_works(tmp_path):
    table = tmp_path / "plant.csv"
    table.write_text(changed((4, cell(4, 1), "Bad"), (7, cell(7, 1), "No Data")))
    assert fit(table, tmp_path / "model", "--missing", "Bad,No Data") == 0
