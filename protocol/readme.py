"""README.txt of a bundle: how to check it with nothing but OpenSSL, in two languages.

The text is part of bundle version 1: whoever changes it gives the bundle a new version.
"""

from __future__ import annotations

from protocol.seal import BODY_START, CONTENT_TYPE, SIGNATURE_BYTES

_TEXT = """\
证据包 / EVIDENCE BUNDLE
站点 site {site}   车道 lane {lane}   记录 record {seq}

本包含有一次过车的全部证据：记录（record.cose，已签名）、可读文本（record.json）、后续和关联记录
（records/）、公钥（lane.pub、keys/）、记录所列的文件（media/）、日清单及哈希路径（bundle.json）。
This bundle holds all evidence of one passage: its record, sealed (record.cose) and as text
(record.json), later and related records (records/), public keys (lane.pub, keys/), the files that
the records name (media/), and the path into the sealed list of the day (bundle.json).

一、用本程序检验 / 1. With the program

    steelyard verify FILE --key lane.pub

--key 应为另行取得的公钥（检定证书、站点公示、平台登记），不是包内的那一份。
Give --key the lane's public key as you got it elsewhere (certificate, site, platform), not the copy
in this bundle: whoever forges a bundle can put a key into it.

二、不用本程序 / 2. Without the program

record.cose 是 COSE_Sign1（RFC 9052），算法 EdDSA / Ed25519（RFC 8032），任何 COSE 库都能检验；
或者在解开的文件夹内用 OpenSSL 3：
record.cose is a COSE_Sign1 (RFC 9052) with EdDSA / Ed25519 (RFC 8032), content type
{content}; any COSE library checks it.  Or, in the unpacked folder, with OpenSSL 3:

    {{ printf '\\204\\152Signature1'
      head -c {header_end} record.cose | tail -c +3
      printf '\\100'
      tail -c +{payload_start} record.cose | head -c -{trailer}; }} > signed.bin
    tail -c {signature} record.cose > signature.bin
    openssl pkeyutl -verify -pubin -inkey lane.pub -rawin -in signed.bin -sigfile signature.bin

records/ 中的记录同样检验。若更换过密钥，KEY 记录之后的记录用 keys/ 中同序号的公钥检验。
Records in records/ are checked alike.  Where the key was changed, records behind a KEY record are
checked with the key of the same number in keys/.

文件名即 SHA-256 / the name of a file is its SHA-256:

    cd media && sha256sum *

记录的 prev_hash 是上一条记录（.cose 全部字节）的 SHA-256；日清单的 root 是其各条记录哈希的
Merkle 树根（RFC 9162 第 2.1 节），bundle.json 的 proofs 给出路径。
prev_hash in a record is the SHA-256 of all bytes of the record before it.  The root in a manifest
is the Merkle tree hash of its records' hashes (RFC 9162, 2.1); proofs in bundle.json are the paths.

三、本包不能证明什么 / 3. What a bundle cannot show

本包证明包内记录未被改动，不能证明没有其他有关记录被略去。后者须查验整个账本或另行保存的日清单。
It shows that what is in it was not altered.  It cannot show that no other record about the passage
was left out; that takes the whole ledger, or the lists of the days as kept by somebody else.
"""


def readme(site: str, lane: str, seq: int) -> bytes:
    """The text for one bundle."""
    text = _TEXT.format(
        site=site,
        lane=lane,
        seq=seq,
        content=CONTENT_TYPE,
        header_end=BODY_START - 1,
        payload_start=BODY_START + 1,
        trailer=2 + SIGNATURE_BYTES,
        signature=SIGNATURE_BYTES,
    )
    return text.encode()
