"""Files of a transfer in the working directory of the session: their digests, their names.

All that the kernel is told is a line of `report`.
"""
import hashlib
import os
import sys


def report(*fields):
    sys.stdout.write("\n" + "\t".join(["<rserver-transfer>"] + [str(field) for field in fields]) + "\n")
    sys.stdout.flush()


def digest_of(file):
    digest = hashlib.sha256()
    with open(file, "rb") as source:
        for block in iter(lambda: source.read(1 << 20), b""):
            digest.update(block)
    return ["sha256", digest.hexdigest()]


def check(file):
    report("digest", *digest_of(file))


def keep_file(file, name, replaces):
    if not replaces and os.path.exists(name):
        os.remove(file)
        report("exists")
        return
    os.replace(file, name)
    report("kept")


def file_digest(name):
    if not os.path.exists(name):
        report("missing")
        return
    report("file", os.path.getsize(name), *(digest_of(name) + ["FALSE"]))


def remove_files(files):
    for file in files:
        if file is not None and os.path.exists(file):
            os.remove(file)
