"""The words of the driver's page: laws, objections, and what each finding of a check means."""

from __future__ import annotations

from controller.report.words import Word

LAWS = {
    "order62-2016": Word(
        "《超限运输车辆行驶公路管理规定》（交通运输部令2016年第62号）",
        "Regulations on Over-limit Transport Vehicles on Highways, Ministry of Transport Order 62 "
        "of 2016",
    ),
    "notice109-2016": Word(
        "《公路货运车辆超限超载认定标准》（交办公路〔2016〕109号附件）",
        "Standard for Over-limit and Overloaded Trucks, Notice 109 of 2016",
    ),
    "road-safety-law": Word("《中华人民共和国道路交通安全法》", "Road Traffic Safety Law"),
}
OBJECTIONS = {
    "certificate_lapsed": Word("检定证书已过有效期", "the verification certificate had lapsed"),
    "certificate_missing": Word("没有登记检定证书", "no verification certificate is on record"),
    "certificate_undated": Word(
        "检定证书没有有效期", "the verification certificate has no date of validity"
    ),
    "clock_unknown": Word("日期时间不明", "the date and time were not known"),
    "degraded": Word("剔除传感器的降级称重", "weighed with a cell left out"),
    "out_of_range": Word(
        "重量在检定的称量范围之外", "the weight lies outside the range that was verified"
    ),
    "weight_withdrawn": Word("重量已撤回，不作数", "the weight was taken back and does not stand"),
}
FINDINGS = {
    "undecodable": Word("内容不是有效记录", "the bytes are not a record"),
    "unsealed": Word("没有签名", "it carries no seal, so anybody could have written it"),
    "seal": Word("签名结构无效", "the seal is not in the one allowed form"),
    "signature": Word("签名不符，内容被改动过", "its seal does not fit: it was altered"),
    "key": Word("签名密钥不是本车道的密钥", "it is sealed by a key that is not this lane's"),
    "revoked": Word("签名密钥已被撤销", "it is sealed by a key that has been revoked"),
    "gap": Word("缺少记录", "records are missing here"),
    "order": Word("记录次序被改动", "records stand in another order than they were sealed"),
    "hash": Word("内容与保存的哈希不符", "the bytes do not fit the hash kept beside them"),
    "chain": Word("与前一条记录不连续", "it does not continue the record before it"),
    "lane": Word("属于其他站点或车道", "it belongs to another site or lane"),
    "manifest": Word("与日清单不符", "it does not fit the sealed list of its day"),
    "columns": Word("检索栏与记录内容不符", "what is kept beside the bytes says something else"),
    "guards": Word("账本的防改动装置不完整", "the guards of the file are not the original ones"),
    "identity": Word("账本身份不符", "the ledger does not name its site, lane or key rightly"),
    "damaged": Word("文件损坏", "the file is damaged"),
    "media_missing": Word("附属文件缺失", "a file that the record names is missing"),
    "media_damaged": Word("附属文件被改动", "a file that the record names was altered"),
    "file": Word("账本旁的文件不符", "a file beside the ledger does not fit it"),
}


def finding(code: str) -> Word:
    """What a finding means, in plain words; an unknown code stands for itself."""
    return FINDINGS.get(code, Word("", code))


def objection(code: str) -> Word:
    """Why a record is not usable as evidence, in plain words; an unknown code stands for itself."""
    return OBJECTIONS.get(code, Word("", code))


def law(table: str) -> Word:
    """The law behind a rule table ``id@version``; an unknown one stands for itself."""
    return LAWS.get(table.partition("@")[0], Word(table, ""))
