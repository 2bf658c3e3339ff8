"""``log tail``: the newest events of the lane, where its files are, and then what comes."""

from __future__ import annotations

from collections.abc import Iterator

from controller.assembly import LEDGER_FILE, MEDIA_FOLDER
from controller.blackbox import BUNDLE
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.grammar import Argument, Command
from controller.console.lines import folded, said
from controller.console.messages import EVENTS_MAX
from controller.console.monitor import event_answer, following, newest_of

NEWEST = 20


def log_tail(ctx: Context, arguments: dict[str, str]) -> Iterator[Answer]:
    """The newest events, then each as it comes."""
    text = arguments.get("newest", str(NEWEST))
    if not text.isdecimal() or int(text[:9]) > EVENTS_MAX:
        raise CommandError(f"'{printable(text, 20)}' is no number of events, up to {EVENTS_MAX}")
    return _tail(ctx, int(text))


def _tail(ctx: Context, newest: int) -> Iterator[Answer]:
    got = ctx.link.events()
    kept = got.events[-newest:] if newest else ()
    files = {"ledger": LEDGER_FILE, "journals": MEDIA_FOLDER, "crashes": f"{BUNDLE}*"}
    paths = {name: str(ctx.folder / file) for name, file in files.items()}
    left_out = newest_of(got) - len(kept)
    told = said(
        ctx,
        f"journals of records: {paths['journals']}; {left_out} events before these",
        f"记录日志：{paths['journals']}；此前 {left_out} 条事件",
    )
    note = folded(ctx, said(ctx, "files", "文件"), printable(told))
    yield Answer(data={"files": paths, "before": left_out}, text=tuple(note))
    for event in kept:
        yield event_answer(ctx, event)
    for later in following(ctx, newest_of(got), ctx.seconds):
        if isinstance(later, str):
            yield Answer(data={"note": later}, text=(printable(later),))
        else:
            yield event_answer(ctx, later)


COMMANDS = (
    Command(
        words="log tail",
        help_en="The newest events, then what comes.",
        help_zh="最近事件，并持续显示",
        run=log_tail,
        arguments=(
            Argument(
                name="newest",
                help_en=f"how many of those that were (default {NEWEST})",
                help_zh=f"显示最近多少条（默认 {NEWEST}）",
                optional=True,
            ),
        ),
    ),
)
