"""The join of `xwalk remap` written in DuckDB and Polars, and the comparison of answers.

Each task prints the seconds that its query took, by the clock and of processors, without the start of Python and the
imports.
"""

import sys
import time

class Watch:
    """The clock, and the time of all processors."""

    def __init__(self):
        self.clock, self.processors = time.perf_counter(), time.process_time()

    def seconds(self):
        return f"{time.perf_counter() - self.clock} {time.process_time() - self.processors}"


COLUMNS = ["dx1", "dx2", "dx3", "dx4", "dx5"]


def duckdb_connection():
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    return connection


def duckdb_types():
    names = ["claim_id", "patient_id", "dos", *COLUMNS, "amount"]
    return "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"


def duckdb_source(path):
    if path.endswith(".csv"):
        return f"read_csv('{path}', header = true, columns = {duckdb_types()})"
    return f"'{path}'"


def duckdb_target(path):
    if path.endswith(".csv"):
        return "(FORMAT csv, HEADER)"
    return "(FORMAT parquet, COMPRESSION zstd)"


def duckdb_join(claims, out, mapped, dated):
    """Answers beside each code, by a hash join for each column."""
    connection = duckdb_connection()
    connection.execute(f"CREATE TABLE map AS FROM read_csv('{mapped}', header = true, all_varchar = true)")
    picked = ["t.claim_id", "t.patient_id", "t.dos"]
    for column in COLUMNS:
        picked += [f"t.{column}", f"m_{column}.target AS {column}_target"]
    picked.append("t.amount")
    if dated:
        # The edition in force on the date of each row first, then one key of edition and code.
        connection.execute(
            "CREATE TABLE period AS SELECT DISTINCT edition, valid_from::DATE AS valid_from FROM map"
        )
        joins = "ASOF LEFT JOIN period p ON t.dos::DATE >= p.valid_from "
        joins += " ".join(
            f"LEFT JOIN map m_{c} ON m_{c}.edition = p.edition AND m_{c}.code = t.{c}" for c in COLUMNS
        )
    else:
        joins = " ".join(f"LEFT JOIN map m_{c} ON m_{c}.code = t.{c}" for c in COLUMNS)
    query = f"SELECT {', '.join(picked)} FROM {duckdb_source(claims)} t {joins}"
    start = Watch()
    connection.execute(f"COPY ({query}) TO '{out}' {duckdb_target(out)}")
    return start.seconds()


def polars_join(claims, out, mapped):
    """The same with the streaming engine of Polars."""
    import polars

    answers = polars.read_csv(mapped, infer_schema = False)
    start = Watch()
    if claims.endswith(".csv"):
        table = polars.scan_csv(claims, infer_schema = False)
    else:
        table = polars.scan_parquet(claims)
    names = table.collect_schema().names()
    for column in COLUMNS:
        renamed = answers.rename({"target": f"{column}_target"}).lazy()
        table = table.join(renamed, left_on = column, right_on = "code", how = "left", maintain_order = "left")
    order = []
    for name in names:
        order.append(name)
        if name in COLUMNS:
            order.append(f"{name}_target")
    table = table.select(order)
    if out.endswith(".csv"):
        table.sink_csv(out)
    else:
        table.sink_parquet(out, compression = "zstd")
    return start.seconds()


def to_parquet(claims, out):
    """The table as Parquet, as DuckDB writes it."""
    connection = duckdb_connection()
    start = Watch()
    connection.execute(f"COPY (FROM {duckdb_source(claims)}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
    return start.seconds()


def compare(claims, remapped, mapped, dated):
    """Holds each answer against the join, row by row, and each other column against the input."""
    connection = duckdb_connection()
    connection.execute(f"CREATE TABLE map AS FROM read_csv('{mapped}', header = true, all_varchar = true)")
    source = f"read_csv('{remapped}', header = true, all_varchar = true)"
    if not remapped.endswith(".csv"):
        source = f"'{remapped}'"
    joins, wrong = [], []
    if dated:
        connection.execute(
            "CREATE TABLE period AS SELECT DISTINCT edition, valid_from::DATE AS valid_from FROM map"
        )
        joins.append("ASOF LEFT JOIN period p ON t.dos::DATE >= p.valid_from")
    for column in COLUMNS:
        edition = f"AND m_{column}.edition = p.edition" if dated else ""
        joins.append(f"LEFT JOIN map m_{column} ON m_{column}.code = t.{column} {edition}")
        wrong.append(f"t.{column}_target IS DISTINCT FROM m_{column}.target")
    query = f"SELECT count(*), count(*) FILTER ({' OR '.join(wrong)}) FROM {source} t {' '.join(joins)}"
    rows, differing = connection.execute(query).fetchone()
    same = ", ".join(["claim_id", "patient_id", "dos", *COLUMNS, "amount"])
    query = f"""
        SELECT count(*) FROM (
            SELECT {same} FROM {duckdb_source(claims)} a POSITIONAL JOIN
            (SELECT {', '.join(f'{n} AS o_{n}' for n in same.split(', '))} FROM {source}) b
            WHERE ({same}) IS DISTINCT FROM ({', '.join('o_' + n for n in same.split(', '))})
        )
    """
    changed = connection.execute(query).fetchone()[0]
    return f"{rows} {differing} {changed}"


def main():
    task, *arguments = sys.argv[1:]
    tasks = {
        "duckdb": lambda a: duckdb_join(*a, dated = False),
        "duckdb-dated": lambda a: duckdb_join(*a, dated = True),
        "polars": lambda a: polars_join(*a),
        "to-parquet": lambda a: to_parquet(*a),
        "compare": lambda a: compare(*a, dated = False),
        "compare-dated": lambda a: compare(*a, dated = True),
    }
    print(tasks[task](arguments))


main()
