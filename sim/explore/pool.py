"""Processes that work for a campaign, each at one thing at a time.

So it is known what a process was at that dies, be it by the kernel for want of memory; another one
takes its place, and everybody else's work goes on.
"""

from __future__ import annotations

import pickle
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Self, TypeVar, cast

Result = TypeVar("Result")
Answer = tuple[Any, None] | tuple[None, Exception]


class DiedError(RuntimeError):
    """The process that was at it is no more; the message says how it ended."""


class Call(Generic[Result]):
    """Work that has been given to a pool."""

    def __init__(self, pool: Pool, work: Callable[..., Result], words: tuple[Any, ...]) -> None:
        self.work: tuple[Callable[..., Any], tuple[Any, ...]] = work, words
        self.answer: Answer | None = None
        self._pool = pool

    def result(self) -> Result:
        """Wait for it and return what came of it.

        Raises:
            DiedError: its process died over it.
            Exception: what the work raised, or a RuntimeError with its words.
        """
        while self.answer is None:
            self._pool.go_on()
        value, error = self.answer
        if error is not None:
            raise error
        return cast("Result", value)


class Pool:
    """At most ``jobs`` processes; ``bury`` is called with the number of each that died at work.

    Work begins in the order in which it was given, while somebody waits for a result.
    """

    def __init__(self, jobs: int, bury: Callable[[int], None]) -> None:
        self._jobs = jobs
        self._bury = bury
        self._waiting: deque[Call[Any]] = deque()
        self._idle: list[_Worker] = []
        self._busy: dict[object, tuple[_Worker, Call[Any]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes, also those at work."""
        for worker, _call in self._busy.values():
            worker.end()
            self._bury(worker.number)
        for worker in self._idle:
            worker.end()

    def submit(self, work: Callable[..., Result], *words: Any) -> Call[Result]:
        """Give work: a function of a module and its arguments, all of which pickle knows."""
        call = Call(self, work, words)
        self._waiting.append(call)
        self._begin()
        return call

    def go_on(self) -> None:
        """Wait until some work has ended, and begin what was waiting for that."""
        for line in wait([worker.line for worker, _ in self._busy.values()]):
            worker, call = self._busy.pop(line)
            call.answer = worker.answer()
            if isinstance(call.answer[1], DiedError):
                self._bury(worker.number)
            else:
                self._idle.append(worker)
        self._begin()

    def _begin(self) -> None:
        while self._waiting and len(self._busy) < self._jobs:
            # One that has died while it had nothing to do is no loss.
            self._idle = [worker for worker in self._idle if worker.lives]
            worker = self._idle.pop() if self._idle else _Worker()
            call = self._waiting.popleft()
            worker.give(call.work)
            self._busy[worker.line] = worker, call


class _Worker:
    """One process and the line to it."""

    def __init__(self) -> None:
        self.line, there = Pipe()
        self._process = Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        # Only the process itself holds this end now, so that the line ends with it.
        there.close()
        self.number = self._process.pid or 0

    @property
    def lives(self) -> bool:
        return self._process.is_alive()

    def give(self, work: object) -> None:
        # That it has just died is for ``answer`` to say.
        with suppress(BrokenPipeError):
            self.line.send(work)

    def answer(self) -> Answer:
        try:
            told: Answer = self.line.recv()
        except (EOFError, OSError):
            self._process.join()
            self.line.close()
            return None, DiedError(_ended(self._process.exitcode or 0))
        return told

    def end(self) -> None:
        self._process.terminate()
        self._process.join()
        self.line.close()


def _serve(line: Connection) -> None:
    """Work until the line ends; Ctrl-C is for whoever holds its other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            work, words = line.recv()
        except EOFError:
            return
        line.send(_answer(work, words))


def _answer(work: Callable[..., Any], words: tuple[Any, ...]) -> Answer:
    try:
        return work(*words), None
    except Exception as error:  # Whoever waits for it is to know.
        return None, _sendable(error)


def _sendable(error: Exception) -> Exception:
    """The error itself if it survives the way, else one with its words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # What an error of somebody else makes of pickle is open.
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _ended(code: int) -> str:
    if code >= 0:
        return f"its process ended with status {code}"
    return f"its process was killed by {signal.Signals(-code).name}"
