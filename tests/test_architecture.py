"""Which room of the house may know which: read off the imports of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = {f"pipeline.{room}" for room in ("files", "paper", "strings", "envelopes", "barcode", "forms")}


def all_but(*open_rooms: str) -> tuple[str, ...]:
    return tuple(sorted(ROOMS - {f"pipeline.{room}" for room in open_rooms}))


# What must not be imported, not even in a function, by every module whose name begins so.
FORBIDDEN = {
    "pipeline": ("models", "flows", "sample_scans", "prefect", "tensorflow", "keras", "fastapi"),
    "pipeline.files": all_but("files"),
    "pipeline.paper": all_but("paper"),
    "pipeline.barcode": all_but("barcode", "paper"),
    "pipeline.strings": all_but("strings", "paper"),
    "pipeline.envelopes": all_but("envelopes", "barcode", "strings", "paper"),
    "pipeline.forms": all_but("forms", "strings", "paper", "files"),
    "models": ("flows", "prefect", "fastapi"),
    "sample_scans": ("models", "flows", "prefect", "tensorflow", "keras"),
    "flows": ("tests", "benchmarks"),
}

# What a room may know of the house that it stands in. The others of `pipeline`'s own modules walk through
# the rooms; envelopes are cut and located as every page is, so that room knows these two as well.
COMMON = {f"pipeline.{name}" for name in ("document", "belief", "thresholds", "parameters")}
OF_ENVELOPES = {f"pipeline.{name}" for name in ("layouts", "locate", "cut")}
# Lines of a function below its signature and docstring.
LONGEST_BODY = 40
# Who calls upon the parts of `flows` that stand by themselves.
CALLERS = {
    "flows.review": {"flows.cli", "flows.model_commands", "flows.report"},
    "flows.benchmark": {"flows.cli"},
}


def modules() -> dict[str, Path]:
    found = {}
    for top in ("pipeline", "models", "flows", "sample_scans"):
        for path in (ROOT / top).rglob("*.py"):
            found[".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imported(tree: ast.AST, *, for_types: bool = False) -> Iterator[str]:
    """Names of what is imported anywhere in the module; what only a type checker imports where asked for."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not for_types:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None, "a relative import hides where a name comes from"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            yield from imported(node, for_types=for_types)


TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}
IMPORTS = {name: set(imported(tree)) for name, tree in TREES.items()}


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_knows_only_those_below_it(room: str) -> None:
    wrong = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in others
        if within(name, room) and any(within(other, closed) for closed in FORBIDDEN[room])
    ]
    assert not wrong


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_knows_little_of_what_walks_through_it(room: str) -> None:
    own = {name for name in MODULES if within(name, "pipeline") and not any(within(name, r) for r in ROOMS)}
    allowed = COMMON | OF_ENVELOPES if room == "pipeline.envelopes" else COMMON
    known = {other for name, others in IMPORTS.items() if within(name, room) for other in others & own}
    assert known <= allowed


@pytest.mark.parametrize("part", CALLERS)
def test_review_and_benchmark_stand_by_themselves(part: str) -> None:
    callers = {
        name
        for name, others in IMPORTS.items()
        if not within(name, part) and any(within(other, part) for other in others)
    }
    assert callers <= CALLERS[part]


def test_no_modules_know_one_another_in_a_circle() -> None:
    graph = {
        name: (set(imported(tree, for_types=True)) & MODULES.keys()) - {name} for name, tree in TREES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_functions_are_read_without_scrolling() -> None:
    long = []
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                begin = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0].lineno
                if (node.end_lineno or begin) - begin >= LONGEST_BODY:
                    long.append(f"{name}.{node.name}")
    assert not long


def test_the_imports_are_really_read() -> None:
    assert "pipeline.strings.values" in IMPORTS["pipeline.read"]
    assert "prefect" in IMPORTS["flows.flow"]
    assert len(MODULES) > 200
