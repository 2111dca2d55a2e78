"""Variables as JSON: one object with an array for each column."""
import json

from _rserver_transfer.columns import Column
from _rserver_transfer.texts import texts_of
from _rserver_transfer.typed_texts import read_types, typed, write_types


def write_json(content, file):
    columns = list(content.columns)
    if content.labels is not None:
        columns.insert(0, Column("", "character", content.labels))

    def cell(kind, text):
        if text is None:
            return "null"
        is_number = kind in ("integer", "logical", "double", "duration")
        return text if is_number and text not in ("NaN", "Inf", "-Inf") else json.dumps(text)

    pairs = [
        json.dumps(c.name) + ":[" + ",".join(cell(c.kind, t) for t in texts_of(c)) + "]" for c in columns
    ]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        out.write("{" + ",\n".join(pairs) + "}\n")
    write_types(content, "", file + ".types")


def read_json(file, types):
    with open(file, encoding="utf-8") as source:
        if types is None:
            return json.load(source)
        pairs = json.load(source, parse_int=str, parse_float=str, object_pairs_hook=list)
    head, columns = read_types(types)
    cells = [
        [str(cell).lower() if isinstance(cell, bool) else cell for cell in column] for _, column in pairs
    ]
    return typed(head, columns, cells)
