#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""check.py SCHEMA FILE: what in the JSON of the file breaks the schema."""

import json
import sys

import jsonschema


def once(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name twice: %s" % names)
    return dict(pairs)


with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
with open(sys.argv[2], encoding="utf-8") as f:
    document = json.load(f, object_pairs_hook=once)
kind = jsonschema.Draft202012Validator
kind.check_schema(schema)
errors = sorted(kind(schema).iter_errors(document), key=lambda e: e.json_path)
for error in errors:
    print("%s: %s" % (error.json_path, error.message))
sys.exit(bool(errors))
