"""Only negmine/storage opens files for writing; everything else goes through it."""

import ast
from pathlib import Path

import negmine

PACKAGE = Path(negmine.__file__).parent
WRITING = {
    "write_text", "write_bytes", "touch", "mkdir", "makedirs", "rmdir", "rmtree", "unlink",
    "copytree", "copyfile", "copy2", "symlink_to", "hardlink_to", "link", "tofile", "savez",
    "open_memmap", "memmap", "write_parquet", "write_ipc", "write_csv", "write_ndjson", "write_table",
    "write_index", "ParquetWriter", "new_file", "NamedTemporaryFile", "TemporaryFile", "mkdtemp",
}  # fmt: skip
MODULES = {
    "np.save",
    "numpy.save",
    "json.dump",
    "sqlite3.connect",
    "shutil.move",
    "os.replace",
    "os.rename",
}
PROGRAMS = {"retrievers/faiss_index/cells_child.py"}  # write what a parent that asked storage names
STREAMS = {
    "write_index",
    "tofile",
    "write_table",
    "write_parquet",
    "new_file",
}  # into a stream or path that storage gave


def writes(tree):
    """Return line and name of every call that writes to disk."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        last = name.rsplit(".", 1)[-1]
        if name in {"write_text", "formatter.write_text"}:  # storage's own; the help's
            continue
        if last in WRITING or name in MODULES or (last == "open" and mode_of(node) & set("wax+")):
            found.append((node.lineno, last, name))
        if last == "replace" and len(node.args) == 1 and not node.keywords:
            found.append((node.lineno, last, name))  # Path.replace; str.replace takes two
    return found


def mode_of(call):
    """Return the letters of the mode that a call of open() names; `open` for reading without one."""
    values = [*call.args, *(k.value for k in call.keywords if k.arg == "mode")]
    modes = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    return {letter for mode in modes if len(mode) <= 3 for letter in mode}


def breaches(package):
    """Return `file:line name` of every write outside of storage."""
    found = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        if place.parts[0] == "storage":
            continue
        source = path.read_text(encoding="utf-8")
        through_storage = "negmine.storage.files import" in source or place.as_posix() in PROGRAMS
        for line, last, name in writes(ast.parse(source)):
            if not (through_storage and last in STREAMS):
                found.append(f"{place}:{line} {name}")
    return found


def test_nothing_but_storage_writes():
    assert breaches(PACKAGE) == []


def test_a_planted_breach_is_found(tmp_path):
    (tmp_path / "stages").mkdir()
    code = "from pathlib import Path\nPath('x').write_text('y')\nopen('x', 'wb')\nPath('a').replace('b')\n"
    (tmp_path / "stages" / "bad.py").write_text(code)
    assert [breach.split()[0] for breach in breaches(tmp_path)] == [
        "stages/bad.py:2", "stages/bad.py:3", "stages/bad.py:4",
    ]  # fmt: skip
