#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""embed.py NAME FILE OUT.c: a file as `const unsigned char NAME[]` and `const size_t NAME_size` (C17 has no #embed)."""
import sys

name, source, target = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
lines = [",".join(str(byte) for byte in data[i:i + 40]) for i in range(0, len(data), 40)]
with open(target, "w", encoding="ascii") as out:
    out.write(f"/* Made by storage/embed.py from {source}. */\n#include <stddef.h>\n\n")
    out.write(f"extern const unsigned char {name}[];\nextern const size_t {name}_size;\n")
    out.write(f"const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "\n};\n")
    out.write(f"const size_t {name}_size = {len(data)};\n")
