#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shape of the tree: which folder includes which, include cycles between files, the longest functions and files.

A mirror for whoever changes the code, not a check: it always exits 0.
"""
import collections
import pathlib
import re
import subprocess

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
FUNCTION = re.compile(r'^[A-Za-z_][^;{}()#]*\([^;{}]*\)\s*\n\{\n(.*?)^\}', re.M | re.S)


def sources():
    listed = subprocess.run(["git", "ls-files", "*.c", "*.h", "*.cc"], capture_output=True, text=True, check=True)
    return [pathlib.Path(line) for line in listed.stdout.splitlines() if pathlib.Path(line).exists()]


def cycle_members(edges):
    """Files that reach themselves through includes."""
    def reaches(start):
        seen, todo = set(), list(edges[start])
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo.extend(edges.get(node, ()))
        return seen
    return sorted(file for file in edges if file in reaches(file))


def main():
    edges, folders, functions, lines = collections.defaultdict(set), collections.Counter(), [], []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        lines.append((text.count("\n"), str(path)))
        for target in INCLUDE.findall(text):
            edges[str(path)].add(target)
            here, there = str(path.parent), str(pathlib.Path(target).parent)
            if here != there and pathlib.Path(target).exists():
                folders[here, there] += 1
        for match in FUNCTION.finditer(text):
            start = text.count("\n", 0, match.start()) + 1
            functions.append((match.group(1).count("\n"), f"{path}:{start}"))
    print("folder -> folder (includes)")
    for (here, there), count in sorted(folders.items()):
        print(f"  {here:28} -> {there:28} {count}")
    print("files in include cycles:", ", ".join(cycle_members(edges)) or "none")
    sizes = sorted(size for size, _ in functions)
    if sizes:
        print(f"{len(sizes)} functions: median {sizes[len(sizes) // 2]} lines, p90 {sizes[len(sizes) * 9 // 10]}")
    print("longest functions:", *(f"\n  {size:4} {where}" for size, where in sorted(functions, reverse=True)[:8]))
    print("longest files:", *(f"\n  {size:4} {where}" for size, where in sorted(lines, reverse=True)[:8]))


if __name__ == "__main__":
    main()
