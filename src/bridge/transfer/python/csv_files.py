"""Variables as CSV."""
import csv
from collections import OrderedDict

from _rserver_transfer.packages import pandas
from _rserver_transfer.texts import texts_of
from _rserver_transfer.typed_texts import read_types, typed, write_types


def write_csv(content, file):
    names = [column.name for column in content.columns]
    texts = [texts_of(column) for column in content.columns]
    kinds = [column.kind for column in content.columns]
    if content.labels is not None:
        names, texts, kinds = [""] + names, [content.labels] + texts, ["character"] + kinds
    missing = "NA"
    while any(missing in text for text in texts):
        missing += "_"

    def quote(text):
        return '"' + text.replace('"', '""') + '"'

    cells = [
        [missing if t is None else (quote(t) if kind in ("character", "factor") else t) for t in text]
        for text, kind in zip(texts, kinds)
    ]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(map(quote, names)) + "\n")
        out.writelines(",".join(row) + "\n" for row in zip(*cells))
    write_types(content, missing, file + ".types")


def read_csv(file, types):
    if types is None:
        if pandas is not None:
            return pandas.read_csv(file)
        with open(file, encoding="utf-8", newline="") as source:
            rows = list(csv.reader(source))
        return OrderedDict((name, [row[at] for row in rows[1:]]) for at, name in enumerate(rows[0]))
    with open(file, encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))[1:]
    head, columns = read_types(types)
    width = len(columns) + (head[3] == "labels")
    cells = [list(column) for column in zip(*rows)] or [[] for _ in range(width)]
    cells = [[None if cell == head[4] else cell for cell in column] for column in cells]
    return typed(head, columns, cells)
