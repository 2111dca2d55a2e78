"""The binary form between languages: little-endian, each column in one piece."""
import struct

from _rserver_transfer.columns import FORMS, R_NA, Column, Content, bits_of
from _rserver_transfer.packages import numpy

MAGIC = b"RSKFRM1\n"


def write_frame(content, file):
    with open(file, "wb") as out:

        def number(form, value):
            out.write(struct.pack("<" + form, value))

        def strings(values):
            mask = bytes(1 if value is None else 0 for value in values)
            text = "".join(("" if value is None else value) + "\0" for value in values)
            if text.count("\0") != len(values):
                raise ValueError("a string holds a NUL character, which R's cannot")
            data = text.encode("utf-8")
            number("i", len(values))
            number("d", len(data))
            out.write(mask)
            out.write(data)

        out.write(MAGIC)
        strings([content.shape])
        number("d", content.rows)
        number("i", content.labels is not None)
        if content.labels is not None:
            strings(content.labels)
        number("i", len(content.columns))
        for column in content.columns:
            strings([column.name, column.kind, column.meta])
            strings(column.levels)
            number("i", len(column.values))
            if column.kind == "character":
                strings(column.values)
            elif numpy is not None:
                out.write(bits_of(column).tobytes())
            else:
                write_numbers(column, out)


def write_numbers(column, out):
    _, form, missing = FORMS[column.kind]
    if form is None:
        pairs = [R_NA if part is None else part for v in column.values for part in pair_of(v)]
        out.write(struct.pack("<{0}d".format(len(pairs)), *pairs))
        return
    values = [missing if value is None else value for value in column.values]
    out.write(struct.pack("<{0}{1}".format(len(values), form), *values))


def pair_of(value):
    return (None, 0.0) if value is None else (value.real, value.imag)


def read_frame(file):
    with open(file, "rb") as source:

        def number(form):
            return struct.unpack("<" + form, source.read(struct.calcsize("<" + form)))[0]

        def strings():
            count = number("i")
            size = int(number("d"))
            mask = source.read(count)
            values = source.read(size).decode("utf-8").split("\0")[:-1]
            if 1 in mask:
                values = [None if gone else value for value, gone in zip(values, mask)]
            return values

        if source.read(len(MAGIC)) != MAGIC:
            raise ValueError("this is no file of this format")
        [shape] = strings()
        rows = int(number("d"))
        labels = strings() if number("i") else None
        columns = []
        for _ in range(number("i")):
            name, kind, meta = strings()
            levels = strings()
            count = number("i")
            values = strings() if kind == "character" else read_numbers(kind, count, source)
            columns.append(Column(name, kind, values, meta, levels))
        return Content(shape, rows, labels, columns)


def read_numbers(kind, count, source):
    form, letter, missing = FORMS[kind]
    size = {"<i4": 4, "<i8": 8, "<f8": 8, "<c16": 16}[form] * count
    data = source.read(size)
    if numpy is not None:
        return numpy.frombuffer(data, dtype=form).copy()
    if letter is None:
        parts = struct.unpack("<{0}d".format(2 * count), data)
        return [complex(*pair) for pair in zip(parts[::2], parts[1::2])]
    values = struct.unpack("<{0}{1}".format(count, letter), data)
    if letter != "d":
        return [None if value == missing else value for value in values]
    words = struct.unpack("<{0}I".format(2 * count), data)[::2]
    return [None if v != v and word == 1954 else v for v, word in zip(values, words)]
