"""The messages of the link: kinds, versions, and a description of every field for whoever asks."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Row

PROTOCOL = 1
VERSION = (1, 0, 0)

HELLO, DESCRIBE, CONFIG, LEVELS, FORGET = 0x01, 0x02, 0x03, 0x04, 0x05
ABOUT, DICTIONARY, ANSWER, SAMPLE, EDGE, STATE = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86

REFUSED, TAKEN, RESTARTING = 0, 1, 2

MESSAGES = (
    "01 HELLO protocol:u8",
    "02 DESCRIBE line:u8",
    "03 CONFIG part:u8 parts:u8 json:text",
    "04 LEVELS epoch:u16 boom0:u8 boom1:u8 greens:u8; level 0 hold 1 raise 2 lower",
    "05 FORGET",
    "81 ABOUT protocol:u8 version:3*u8 configured:u8 reset_cause:u8 starts:u16 cause:u8 more:u8"
    " config_crc32:u32 chip:8*u8 cause_text:text",
    "82 DICTIONARY line:u8 lines:u8 text",
    "83 ANSWER refused0_taken1_restarting2:u8 reasons:text",
    "84 SAMPLE number:u16 ticks_us:u32%2^30 contacts:u32 flags:u16 cells:u8 counts:cells*s24",
    "85 EDGE ticks_us:u32%2^30 input:u8 contact:u8",
    "86 STATE ticks_us:u32%2^30 epoch:u16 leased:u8 wanted0:u8 wanted1:u8 boom0:u8 boom1:u8"
    " lamps:u8 contacts:u32 corrupt:u16 missed:u16 late:u16 losses:u8 round_max_ms:u8;"
    " boom and lamps: level*16+reason",
)


def lines(config: "Row | None") -> list[str]:
    """Every line of the dictionary: the messages, then what is wired where."""
    told = list(MESSAGES)
    if config is None:
        return told
    told.append("rate %d Hz, lease %d ms" % (config["rate_hz"], config["lease_ms"]))
    for index, row in enumerate(config["inputs"]):
        told.append("input %d %s GP%d" % (index, row["name"], row["pin"]))
    for index, row in enumerate(config["booms"]):
        told.append("boom %d %s GP%d GP%d" % (index, row["name"], row["raise"], row["lower"]))
    for index, row in enumerate(config["heads"]):
        told.append("head %d %s GP%d GP%d" % (index, row["name"], row["red"], row["green"]))
    cells = config.get("cells")
    if cells:
        for index, pin in enumerate(cells["dout"]):
            told.append("cell %d %s GP%d counts:s24" % (index, cells["chip"], pin))
    return told
