"""Who a lane is in every record: site, box, scale, software, configuration, rule tables."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from board.plates import PlateChoices
from board.profile import Profile
from controller.core.settings import TARE_EXPIRY_MS
from controller.rulebook import Rules, read_rules
from protocol import custody, parts
from protocol.media import Blob
from protocol.record import Record

CONFIG = "config"
RULES = "rules"

_US_PER_MS = 1000
_POLICIES = {"auto": parts.Stand.AUTO, "confirm": parts.Stand.PROPOSED, "hold": parts.Stand.HELD}


class Identity(Struct, frozen=True, kw_only=True):
    """What every record of this box says of itself, of its scale, and of when it believes a plate.

    ``plate_rule`` is blank but for the site's thresholds.  ``config`` and ``rules`` (by id@version)
    are the media that the digests in a record stand for; ``overload_table`` is the table of the
    overload clause.  ``tare_expiry_ms`` is how long a stored tare stands.
    """

    site: str
    lane: str
    scale: parts.Scale
    software: str
    config: Blob
    plate_rule: parts.Identification
    rules: dict[str, Blob]
    overload_table: str
    tare_expiry_ms: int
    unit_code: str | None = None
    device_sn: str | None = None

    def tables(self, names: tuple[str, ...]) -> tuple[custody.RuleTable, ...]:
        """The tables of a judgement by these names, with their digests; the overload's is one."""
        known = [
            name for name in dict.fromkeys((*names, self.overload_table)) if name in self.rules
        ]
        return tuple(custody.RuleTable(id=name, sha256=self.rules[name].sha256) for name in known)

    def media(self, record: Record) -> tuple[Blob, ...]:
        """The configuration and the rule tables that a record names; mostly on disk already."""
        return (self.config, *(self.rules[table.id] for table in record.tables))


def identity_of(profile: Profile) -> Identity:
    """Who the lane of this site is; raises RulesError for a rule table that cannot be used."""
    site, scale = profile.site, profile.scale
    until = scale.certificate_valid_until
    config = Blob(kind=CONFIG, data=profile.config)
    rules = rules_of(profile)
    expiry_us = profile.timing.get("tare_expiry")
    return Identity(
        site=site.station_code or site.name,
        lane=str(site.lane),
        unit_code=site.unit_code or None,
        device_sn=site.device_sn or None,
        scale=parts.Scale(
            serial=scale.serial,
            accuracy_class=scale.accuracy_class,
            max_g=scale.scale.max_g,
            e_g=scale.scale.e_g,
            certificate=scale.certificate_no,
            valid_until=until.isoformat() if until is not None else None,
        ),
        software=f"steelyard {version('steelyard')}",
        config=config,
        plate_rule=_plate_rule(profile.plates),
        rules={name: Blob(kind=RULES, data=data) for name, data in rules.tables.items()},
        overload_table=rules.overload,
        tare_expiry_ms=TARE_EXPIRY_MS if expiry_us is None else expiry_us // _US_PER_MS,
    )


def rules_of(profile: Profile) -> Rules:
    """The rule tables of a site: the shipped ones and its own; raises RulesError."""
    return read_rules([Path(profile.folder) / profile.rules.book] if profile.rules.book else [])


def _plate_rule(plates: PlateChoices) -> parts.Identification:
    return parts.Identification(
        stand=parts.Stand.HELD,
        policy=_POLICIES[plates.policy],
        auto_ppm=plates.auto_ppm,
        confirm_ppm=plates.confirm_ppm,
        agree_min=plates.agree_min,
    )
