"""Parquet and CSV files of pandas, DuckDB, Polars, pyarrow and PySpark, remapped and read back.

Usage: tables.py XWALK FOLDER. Each writer writes the same rows in its several encodings. For each file every old
column has to come back equal, and the new ones have to say what `xwalk map` says, as DuckDB, Polars and pyarrow read
them.
"""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet

FROM, TO = "fixtures/icd10cm/2025", "fixtures/icd10cm/2026"
XWALK, FOLDER = sys.argv[1], Path(sys.argv[2])
ROWS = 20_000
CODES = ["B880", "B88.1", "b882", "B88", "L02212", "XYZ", "", None, "E11.9", "Z999"]


def rows():
    """The same rows for all: codes, unknown ones in numbers that overflow a small dictionary, and nulls."""
    draw = random.Random(5)
    table = {"id": [], "dx1": [], "dx2": [], "amount": [], "dxs": []}
    for row in range(ROWS):
        table["id"].append(row)
        table["dx1"].append(draw.choice(CODES))
        table["dx2"].append(f"Q{draw.randrange(5000):04}" if draw.random() < 0.3 else draw.choice(CODES))
        table["amount"].append(draw.random())
        table["dxs"].append(None if draw.random() < 0.1 else draw.choices(CODES, k = draw.randrange(4)))
    return table


TABLE = rows()
ARROW = pyarrow.table(
    {
        "id": pyarrow.array(TABLE["id"], pyarrow.int64()),
        "dx1": pyarrow.array(TABLE["dx1"], pyarrow.string()),
        "dx2": pyarrow.array(TABLE["dx2"], pyarrow.string()),
        "amount": pyarrow.array(TABLE["amount"], pyarrow.float64()),
        "dxs": pyarrow.array(TABLE["dxs"], pyarrow.list_(pyarrow.string())),
    }
)
PLAIN = ARROW.drop_columns(["dxs"])


def pyarrow_files():
    """Every encoding and page version that pyarrow writes."""
    settings = {
        "plain": {"use_dictionary": False},
        "dictionary": {"use_dictionary": True},
        "fallback": {"dictionary_pagesize_limit": 500, "data_page_size": 1000},
        "pages-v2": {"data_page_version": "2.0", "compression": "zstd"},
        "version-1": {"version": "1.0", "compression": "gzip"},
        "small-groups": {"row_group_size": 777, "compression": "none"},
        "brotli": {"compression": "brotli", "write_page_index": True},
        "lz4": {"compression": "lz4", "write_page_checksum": True},
        "delta": {
            "use_dictionary": False,
            "column_encoding": {"dx1": "DELTA_BYTE_ARRAY", "dx2": "DELTA_LENGTH_BYTE_ARRAY", "id": "DELTA_BINARY_PACKED"},
        },
        "split": {"use_dictionary": ["dx1", "dx2"], "column_encoding": {"amount": "BYTE_STREAM_SPLIT"}},
    }
    for name, options in settings.items():
        path = FOLDER / f"pyarrow-{name}.parquet"
        pyarrow.parquet.write_table(ARROW, path, **options)
        yield path
    types = {
        "large-string": pyarrow.large_string(),
        "dictionary-type": pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
        "binary": pyarrow.binary(),
    }
    for name, kind in types.items():
        table = PLAIN
        for column in ["dx1", "dx2"]:
            at = table.schema.get_field_index(column)
            table = table.set_column(at, column, table[column].cast(kind))
        path = FOLDER / f"pyarrow-{name}.parquet"
        pyarrow.parquet.write_table(table, path)
        yield path


def fixed_files():
    """Codes as CHAR(7): a fixed length, filled up with blanks or NUL bytes."""
    settings = {
        "blanks": (b" ", {"use_dictionary": False}),
        "nul": (b"\0", {"use_dictionary": True, "compression": "zstd"}),
        "pages-v2": (b" ", {"data_page_version": "2.0", "dictionary_pagesize_limit": 500, "data_page_size": 1000}),
        "brotli": (b" ", {"compression": "brotli", "row_group_size": 5000}),
    }
    for name, (fill, options) in settings.items():
        table = PLAIN
        for column in ["dx1", "dx2"]:
            values = [None if code is None else code.encode().ljust(7, fill) for code in TABLE[column]]
            at = table.schema.get_field_index(column)
            table = table.set_column(at, column, pyarrow.array(values, pyarrow.binary(7)))
        path = FOLDER / f"pyarrow-fixed-{name}.parquet"
        pyarrow.parquet.write_table(table, path, **options)
        yield path


def pandas_files():
    """A frame as it is, with categories, and as CSV with quotes about everything."""
    frame = PLAIN.to_pandas()
    path = FOLDER / "pandas.parquet"
    frame.to_parquet(path)
    yield path
    path = FOLDER / "pandas-categories.parquet"
    frame.astype({"dx1": "category", "dx2": "category"}).to_parquet(path, compression = "zstd", index = True)
    yield path
    path = FOLDER / "pandas-quoted.csv"
    frame.to_csv(path, index = False, quoting = 1)
    yield path
    path = FOLDER / "pandas.csv.gz"
    frame.to_csv(path, index = False, lineterminator = "\r\n")
    yield path


def duckdb_files():
    """Both versions, small row groups, and every codec of DuckDB."""
    connection = duckdb.connect()
    connection.register("claims", ARROW)
    settings = [
        ("snappy", "COMPRESSION snappy"),
        ("zstd-v2", "COMPRESSION zstd, PARQUET_VERSION v2"),
        ("gzip", "COMPRESSION gzip, ROW_GROUP_SIZE 2048"),
        ("plain", "COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1"),
    ]
    for name, options in settings:
        path = FOLDER / f"duckdb-{name}.parquet"
        connection.execute(f"COPY claims TO '{path}' (FORMAT parquet, {options})")
        yield path
    path = FOLDER / "duckdb.csv"
    connection.execute(f"COPY (SELECT id, dx1, dx2, amount FROM claims) TO '{path}' (HEADER)")
    yield path


def polars_files():
    """Its own types: string views, categories, lists."""
    frame = polars.from_arrow(ARROW)
    for compression in ["zstd", "snappy", "lz4", "gzip", "uncompressed"]:
        path = FOLDER / f"polars-{compression}.parquet"
        frame.write_parquet(path, compression = compression, row_group_size = 3000)
        yield path
    path = FOLDER / "polars-categories.parquet"
    frame.drop("dxs").with_columns(polars.col("dx1", "dx2").cast(polars.Categorical)).write_parquet(path)
    yield path


def spark_files():
    """Both versions of pages, with and without dictionaries."""
    if shutil.which("java") is None:
        print("skipped: PySpark, since there is no Java")
        return
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    rows = list(zip(*(TABLE[name] for name in ["id", "dx1", "dx2", "amount", "dxs"])))
    schema = "id bigint, dx1 string, dx2 string, amount double, dxs array<string>"
    frame = spark.createDataFrame(rows, schema).coalesce(1)
    for name, options in {
        "snappy": {},
        "v2": {"parquet.writer.version": "PARQUET_2_0", "compression": "zstd"},
        "plain": {"parquet.enable.dictionary": "false", "compression": "gzip"},
        "fallback": {"parquet.dictionary.page.size": "400", "parquet.page.size": "1000"},
    }.items():
        folder = FOLDER / f"spark-{name}"
        frame.write.options(**options).parquet(str(folder))
        path = FOLDER / f"spark-{name}.parquet"
        shutil.move(next(folder.glob("part-*.parquet")), path)
        yield path
    global spark_reads
    spark_reads = lambda path: [tuple(r) for r in spark.read.parquet(str(path)).orderBy("id").collect()]


spark_reads = None


def answers():
    """What `xwalk map` says for each spelling: target and outcome."""
    spelled = sorted({code for column in ["dx1", "dx2"] for code in TABLE[column] if code})
    run = subprocess.run([XWALK, "map", FROM, TO, "--format", "json", *spelled], capture_output = True, text = True)
    found = json.loads(run.stdout)
    found = found if isinstance(found, list) else found["answers"]
    said = {None: (None, None), "": (None, None)}
    for text, answer in zip(spelled, found):
        alternatives = answer["alternatives"]
        first = alternatives[0]["targets"] if alternatives else []
        single = len(first) == 1 and len(first[0]) == 1
        said[text] = (first[0][0] if single else None, answer["outcome"])
    return said


def expected(said, column):
    targets = [said[code][0] for code in TABLE[column]]
    outcomes = [said[code][1] for code in TABLE[column]]
    return targets, outcomes


def texts(values):
    """Nulls of a CSV are empty texts, and binary columns hold the bytes of texts, filled up where they are fixed."""
    plain = [v.decode().rstrip(" \0") if isinstance(v, bytes) else v for v in values]
    return [None if v == "" or v != v else v for v in plain]


def read_all(path):
    """The columns of a file as each reader sees them."""
    if ".csv" in path.name:
        frame = pandas.read_csv(path, dtype = str, keep_default_na = False)
        yield "pandas", {name: list(frame[name]) for name in frame.columns}
        if path.suffix == ".csv":
            table = duckdb.sql(f"FROM read_csv('{path}', all_varchar = true, header = true)").to_arrow_table()
            yield "duckdb", {name: table[name].to_pylist() for name in table.column_names}
        return
    table = pyarrow.parquet.read_table(path)
    yield "pyarrow", {name: table[name].to_pylist() for name in table.column_names}
    table = duckdb.sql(f"FROM '{path}'").to_arrow_table()
    yield "duckdb", {name: table[name].to_pylist() for name in table.column_names}
    frame = polars.read_parquet(path)
    yield "polars", {name: frame[name].to_list() for name in frame.columns}


def check(path, said):
    """Remaps a file, and compares what comes back."""
    out = FOLDER / f"out-{path.name}"
    before = dict(read_all(path))
    columns = ["dx1", "dx2"] + (["dxs"] if "dxs" in next(iter(before.values())) else [])
    for columns in [columns[:2], columns]:
        command = [XWALK, "remap", path, "-o", out, "--from", FROM, "--to", TO, "--policy", "best"]
        command += ["--column", ",".join(columns), "--fields", "target,outcome,evidence"]
        run = subprocess.run([str(c) for c in command], capture_output = True, text = True)
        assert run.returncode == 0, f"{path.name}: {run.stderr}"
        for reader, table in read_all(out):
            where = f"{path.name} as {reader} reads it"
            for name, values in before[reader].items():
                same = texts(values) == texts(table[name]) if name != "dxs" else values == table[name]
                assert same, f"{where}: column {name} changed"
            for column in ["dx1", "dx2"]:
                targets, outcomes = expected(said, column)
                assert texts(table[f"{column}_target"]) == targets, f"{where}: targets of {column}"
                assert texts(table[f"{column}_outcome"]) == outcomes, f"{where}: outcomes of {column}"
            if "dxs" in columns:
                wanted = [None if codes is None else [said[c][0] for c in codes] for codes in TABLE["dxs"]]
                seen = [None if codes is None else list(codes) for codes in table["dxs_target"]]
                assert seen == wanted, f"{where}: targets of dxs"
    if spark_reads is not None and out.suffix == ".parquet" and path.name.startswith("spark"):
        assert len(spark_reads(out)) == ROWS, f"{path.name} as Spark reads it"
        assert len(spark_reads(out)[0]) > 5, f"{path.name}: Spark does not see the new columns"


def main():
    said = answers()
    count = 0
    for files in [pyarrow_files, fixed_files, pandas_files, duckdb_files, polars_files, spark_files]:
        for path in list(files()):
            check(path, said)
            count += 1
    print(f"tables: {count} files of pandas, DuckDB, Polars, pyarrow and PySpark came back with the answers")


main()
