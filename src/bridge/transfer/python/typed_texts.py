"""The types of a text file, in a file beside it: one line for each column, fields between tabs."""
from _rserver_transfer.columns import Column, Content
from _rserver_transfer.decode import decode
from _rserver_transfer.texts import value_from


def write_types(content, missing, file):
    head = ["rserver-kernel types 1", content.shape, str(content.rows)]
    lines = [head + ["" if content.labels is None else "labels", missing]]
    lines += [[c.name, c.kind, c.meta] + c.levels for c in content.columns]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        out.writelines("\t".join(map(escape, line)) + "\n" for line in lines)


def read_types(file):
    with open(file, encoding="utf-8", newline="\n") as source:
        lines = [[unescape(field) for field in line.rstrip("\n").split("\t")] for line in source]
    return lines[0], [Column(line[0], line[1], (), line[2], line[3:]) for line in lines[1:]]


def escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def unescape(text):
    text = text.replace("\\\\", "\x01").replace("\\t", "\t").replace("\\n", "\n")
    return text.replace("\x01", "\\")


def typed(head, columns, cells):
    labels = cells.pop(0) if head[3] == "labels" else None
    if len(cells) != len(columns):
        raise ValueError("the file does not have the columns of its types")
    for column, texts in zip(columns, cells):
        column.values = [value_from(column.kind, column.levels, text) for text in texts]
    rows = int(head[2]) if head[1] == "matrix" or not cells else len(cells[0])
    return decode(Content(head[1], rows, labels, columns))
