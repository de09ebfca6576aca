"""The command `skywitness`: one file a command, each imported only when it is called.

A command's module is cheap to import (its heavy imports are inside `run`) and has

- `SUMMARY`, one line for the list of commands,
- `add_arguments(parser)`,
- `run(args) -> int`, the exit code: 0 yes, 1 no, 2 input or use is wrong, 3 network, disk or a peer failed,
- `EXAMPLES`, if it likes: the end of its help,
- `COMPILES = False` if it runs no kernel: then nothing of the compiler is loaded.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import keyword
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn, Protocol, cast

from skywitness import __version__
from skywitness.errors import SkywitnessError, SourceError

__all__ = ["COMMANDS", "Command", "WithoutPandas", "exit_code", "main"]

COMMANDS = (
    "serve", "top", "find", "decode", "track", "legs", "journeys", "events", "explain", "convert", "demod", "stats",
    "import", "simulate", "store", "redecode", "keys", "config", "service", "doctor", "airport", "identity", "demo",
    "bench",
)  # fmt: skip
"""The names are a contract; the order is that of the help."""

INTERRUPTED = 130  # 128 + SIGINT
PIPE_CLOSED = 141  # 128 + SIGPIPE

EXAMPLES = """\
examples:
  skywitness track demo                          the aircraft of the bundled, simulated recording
  skywitness decode flight.beast -o out.parquet  every field of every message
  skywitness explain 8D406B902015A678D4D220AA4BDA
  skywitness COMMAND --help                      options and examples of one command
"""


class Command(Protocol):
    """What a command's module offers."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's options."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit code."""


class Parser(argparse.ArgumentParser):
    """argparse, with an error in one line instead of a page of usage."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is; exit 2."""
        self.exit(2, f"skywitness: {message} (see {self.prog} --help)\n")


class WithoutPandas(importlib.abc.MetaPathFinder):
    """Keeps pandas out of the process of a command.

    Arrow imports it as soon as it makes a column, where it is installed: a second and 40 MB. No command needs it.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Say that there is no pandas, and nothing of other modules."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is kept out of commands", name=fullname)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None and arguments[:1] != ["bench"]:
        sys.meta_path.insert(0, WithoutPandas())
    try:
        args = _parse(arguments)
        from skywitness.run.memory import keep_freed_memory

        keep_freed_memory()
        with _announced(args.command):
            code = int(args.command.run(args))
        sys.stdout.flush()
        return code
    except SystemExit as stop:  # argparse's way out of --help and of a wrong option
        if isinstance(stop.__context__, BrokenPipeError):  # rich's way out
            return PIPE_CLOSED
        return stop.code if isinstance(stop.code, int) else 2 if stop.code else 0
    except BrokenPipeError:
        # The reader of our output has gone, say `head`. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        print("skywitness: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (SkywitnessError, OSError) as error:
        print(f"skywitness: {_one_line(error)}", file=sys.stderr)
        return exit_code(error)


def _announced(command: Command) -> AbstractContextManager[None]:
    """What says on standard error that kernels are being compiled, where a command has any."""
    if not getattr(command, "COMPILES", True):
        return nullcontext()
    from skywitness.run.compile import announce_compilation

    return announce_compilation()


def exit_code(error: Exception) -> int:
    """Return 2 for what the caller must change, 3 for a disk, a network or a peer that failed."""
    if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError | FileExistsError):
        return 2  # a wrong name: trying again will not help
    return 3 if isinstance(error, SourceError | OSError) else 2


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="skywitness",
        description="Open flight tracking that keeps the evidence.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"skywitness {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    for name in COMMANDS:
        if chosen in COMMANDS and name != chosen:
            commands.add_parser(name)  # known, but not called: its module stays unread
            continue
        module = _load(name)
        if module is None:
            continue
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, epilog=getattr(module, "EXAMPLES", None)
        )
        module.add_arguments(command)
        command.set_defaults(command=module)
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        (commands.choices.get(chosen or "") or parser).error(f"not understood: {' '.join(unknown)}")
    return args


def _load(name: str) -> Command | None:
    module = f"skywitness.cli.{name}_" if keyword.iskeyword(name) else f"skywitness.cli.{name}"
    try:
        return cast(Command, importlib.import_module(module))
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None  # a command of a later release


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error) or type(error).__name__
    text = text.replace("-: ", "standard input: ", 1) if text.startswith("-: ") else text
    return " ".join(text.split())
