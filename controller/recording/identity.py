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

    ``plate_rule`` is blank but for the site's thresholds.  ``tables`` has the digest of each rule
    table by id@version, ``owners`` the tables that state a rule, ``overload_table`` that of the
    overload clause.  ``tare_expiry_ms`` is how long a stored tare stands.  ``blobs`` are the media
    that ``config_hash`` and ``tables`` stand for.
    """

    site: str
    lane: str
    scale: parts.Scale
    software: str
    config_hash: bytes
    plate_rule: parts.Identification
    tables: dict[str, bytes]
    owners: dict[str, tuple[str, ...]]
    overload_table: str
    tare_expiry_ms: int
    unit_code: str | None = None
    device_sn: str | None = None
    blobs: tuple[Blob, ...] = ()

    def tables_of(self, verdicts: parts.Verdicts | None) -> tuple[custody.RuleTable, ...]:
        """The tables that verdicts came from, with their digests; the overload's is the last."""
        if verdicts is None:
            return ()
        names = dict.fromkeys((*verdicts.rules, self.overload_table))
        return tuple(
            custody.RuleTable(id=name, sha256=self.tables[name])
            for name in names
            if name in self.tables
        )

    def version_of(self, rule: str | None, names: tuple[str, ...]) -> str | None:
        """Which of these tables states the rule, as id@version."""
        owners = self.owners.get(rule or "", ())
        return next((name for name in names if name in owners), None)

    def media_of(self, record: Record) -> tuple[Blob, ...]:
        """The configuration and the rule tables that a record names; mostly on disk already."""
        named = {self.config_hash, *(table.sha256 for table in record.tables)}
        return tuple(blob for blob in self.blobs if blob.sha256 in named)


def identity_in(record: Record, tare_expiry_ms: int) -> Identity:
    """The identity that a record was made with, as far as that record shows it.

    With ``evidence_in`` it makes the record again; raises ValueError where it names no scale, no
    software or no configuration, as only the ledger's own records do.
    """
    scale, software, config_hash = record.scale, record.software, record.config_hash
    if scale is None or software is None or config_hash is None:
        raise ValueError(f"record {record.seq} does not say what made it")
    verdicts = record.verdicts or parts.Verdicts()
    limit = verdicts.over_limit or parts.Verdict(result=parts.Result.UNDETERMINED)
    owners: dict[str, tuple[str, ...]] = {}
    if limit.rule is not None and limit.version is not None:
        owners[limit.rule] = (limit.version,)
    return Identity(
        site=record.site,
        lane=record.lane,
        scale=scale,
        software=software,
        config_hash=config_hash,
        plate_rule=record.identification or parts.Identification(stand=parts.Stand.HELD),
        tables={table.id: table.sha256 for table in record.tables},
        owners=owners,
        overload_table=record.tables[-1].id if record.tables else "",
        tare_expiry_ms=tare_expiry_ms,
        unit_code=record.unit_code,
        device_sn=record.device_sn,
    )


def identity_of(profile: Profile) -> Identity:
    """Who the lane of this site is; raises RulesError for a rule table that cannot be used."""
    site, scale = profile.site, profile.scale
    until = scale.certificate_valid_until
    config = Blob(kind=CONFIG, data=profile.config)
    rules = rules_of(profile)
    tables = {name: Blob(kind=RULES, data=data) for name, data in rules.tables.items()}
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
        config_hash=config.sha256,
        plate_rule=_plate_rule(profile.plates),
        tables={name: blob.sha256 for name, blob in tables.items()},
        owners=rules.owners,
        overload_table=rules.overload,
        blobs=(config, *tables.values()),
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
