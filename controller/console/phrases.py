"""What the console itself says to a person, in English and in Chinese."""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["en", "zh"]

BANNER: Final = "Maintenance console. For authorised persons only; all access is recorded."

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "banner_zh": ("", "维护控制台：仅限授权人员使用，所有操作均被记录。"),
    "no_account": (
        "There is no account yet. On the machine itself run: steelyard console --setup --out "
        "FOLDER, then log in here as: setup",
        "尚无账户。请在本机运行 steelyard console --setup --out FOLDER，然后以 setup 登录。",
    ),
    "first": (
        "There is no account yet. Make the administrator's.",
        "尚无账户。请建立管理员账户。",
    ),
    "no_login": (
        "nobody can log in now: the console's log on the machine says why",
        "目前无法登录：原因见本机的控制台日志",
    ),
    "bad_name": ("a name has letters, figures, . _ - and begins with a letter", "账户名格式不对"),
    "choose": (
        "Choose a password of your own: 10 characters or more.",
        "请设置自己的密码：至少10个字符。",
    ),
    "differ": ("the two are not the same", "两次输入不一致"),
    "hello": ("? shows what can be typed here, exit logs out.", "按 ? 查看命令，exit 退出。"),
    "many": (
        "{n} lines were pasted: Enter does them in order, Ctrl-C none of them.",
        "粘贴了{n}行：按回车依次执行，Ctrl-C 取消。",
    ),
    "damaged": (
        "that line had bytes that are no text: nothing was done; type it again",
        "该行含有无法识别的字节：未执行，请重新输入",
    ),
    "too_long": ("that line is too long: nothing was done", "该行过长：未执行"),
    "stopped": ("stopped", "已停止"),
    "any_key": ("any key ends this", "按任意键结束"),
    "gone": ("this account was locked or removed", "该账户已被锁定或删除"),
    "fault": (
        "the console failed at this ({what}); it is in {where}. The lane is not concerned.",
        "控制台内部错误（{what}），已记入 {where}；车道不受影响。",
    ),
    "bye": ("logged out: {why}", "已退出：{why}"),
    "not_done": ("the lines after that were not done", "其后各行未执行"),
    "overrun": ("keys came faster than they could be taken: some are lost", "输入过快，部分丢失"),
}


def phrase(key: str, language: Language = "en", **values: object) -> str:
    """One sentence of the console in a language."""
    english, chinese = _WORDS[key]
    return (chinese if language == "zh" else english).format(**values)
