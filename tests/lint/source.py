"""What the lints share: the C files of the tree, and their text without comments and strings."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def c_files(root, folders, endings=(".c", ".h", ".def")):
    """Paths below `root`, with forward slashes, sorted."""
    found = []
    for folder in folders:
        for at, _, names in os.walk(os.path.join(root, folder)):
            found += [os.path.relpath(os.path.join(at, n), root) for n in names if n.endswith(endings)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def _blank(match):
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


def code(text):
    """The text with comments and the insides of strings blanked: same length, same lines."""
    return TOKEN.sub(_blank, text)


def code_with_strings(text):
    """The text with comments blanked and strings left."""
    return TOKEN.sub(lambda m: m.group(0) if m.group(0)[0] in "\"'" else _blank(m), text)
