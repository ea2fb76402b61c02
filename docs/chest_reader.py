#!/usr/bin/env python3
"""An independent reader of Parish Chest repositories in a local folder.

It was written from docs/format.md alone, without a look at the program, and is a last resort if the program is gone.
"§" below means a section of that page. It only reads the repository; it writes nothing but what `restore` puts below TARGET.

  chest_reader.py list REPOSITORY
  chest_reader.py restore REPOSITORY SNAPSHOT|latest TARGET [--no-index]
  chest_reader.py verify REPOSITORY
  chest_reader.py selftest                    the test vectors of §19

Secret: CHEST_PASSPHRASE, or CHEST_RECOVERY_WORDS_FILE (a file with the 24 words).
Needs Python 3.11 on a Unix system, and: pip install cryptography blake3 zstandard argon2-cffi mnemonic
Exit: 0 all well, 1 something is wrong (each fault is a line on standard error), 2 usage.
"""
import errno, hashlib, hmac, math, os, re, secrets, stat, struct, sys, unicodedata
from datetime import datetime, timedelta, timezone

import argon2.low_level as argon2
import zstandard
from blake3 import blake3
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

MIB = 1 << 20
PREFIX = "parish-chest 2026-11 v1 "
OWNER = bytes(16)


class Damage(Exception):
    """This object or part is unreadable; the rest may be fine."""


class Stop(Exception):
    """Nothing may go on (§16, wrong secret …)."""


class UnknownField(Damage):
    def __init__(self, key):
        super().__init__(f"written by a newer Parish Chest (field {key})")
        self.key = key


faults = []


def report(text):
    faults.append(text)
    print("! " + text, file=sys.stderr)


def show(raw):
    return raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else str(raw)


# ---------------------------------------------------------------- §2 notation and primitives
def le32(n): return struct.pack("<I", n)
def le64(n): return struct.pack("<Q", n)
def u32(b, at=0): return struct.unpack_from("<I", b, at)[0]
def u64(b, at=0): return struct.unpack_from("<Q", b, at)[0]
def H(m): return blake3(m).digest()
def kh(k, m): return blake3(m, key=k).digest()
def dk(c, m): return blake3(m, derive_key_context=PREFIX + c).digest()
def nonce(d, n): return bytes([d, 0, 0, 0]) + le64(n)
def seal(k, d, n, aad, m): return ChaCha20Poly1305(k).encrypt(nonce(d, n), m, aad)


def unseal(k, d, n, aad, m, what):
    try:
        return ChaCha20Poly1305(k).decrypt(nonce(d, n), m, aad)
    except InvalidTag:
        raise Damage(f"the seal of {what} does not open") from None


def need(ok, text):
    if not ok:
        raise Damage(text)


# ---------------------------------------------------------------- §9.3 CBOR, strictly deterministic
def cbor(b):
    def item(at, depth):
        need(depth < 16 and at < len(b), "CBOR: cut short or too deep")
        major, info = b[at] >> 5, b[at] & 31
        at += 1
        if info < 24:
            n = info
        else:
            need(info < 28, "CBOR: indefinite or reserved length")
            size = 1 << (info - 24)
            need(at + size <= len(b), "CBOR: cut short")
            n = int.from_bytes(b[at:at + size], "big")
            need(n >= (24 if size == 1 else 1 << (4 * size)), "CBOR: number not in its shortest form")
            at += size
        if major == 0:
            return n, at
        if major == 1:
            return -1 - n, at
        need(major in (2, 3, 4, 5) and n <= len(b) - at, "CBOR: a type that the format does not use, or cut short")
        if major in (2, 3):
            raw = bytes(b[at:at + n])
            try:
                return (raw if major == 2 else raw.decode()), at + n
            except UnicodeDecodeError:
                raise Damage("CBOR: text that is not UTF-8") from None
        if major == 4:
            out = []
            for _ in range(n):
                v, at = item(at, depth + 1)
                out.append(v)
            return out, at
        out, last = {}, -1
        for _ in range(n):
            k, at = item(at, depth + 1)
            need(type(k) is int and k > last, "CBOR: map keys are not ascending unsigned numbers")
            out[k], at = item(at, depth + 1)
            last = k
        return out, at
    value, end = item(0, 0)
    need(end == len(b), "CBOR: something follows the end")
    return value


# What a value must be: small checks that are put together.
def UINT(v): return type(v) is int and v >= 0
def TEXT(v): return type(v) is str
def BYTES(v): return type(v) is bytes
def SIZED(n): return lambda v: type(v) is bytes and len(v) == n
def ARRAY(f): return lambda v: type(v) is list and all(map(f, v))
def TUPLE(*fs): return lambda v: type(v) is list and len(v) == len(fs) and all(f(x) for f, x in zip(fs, v))
def UPTO(n): return lambda v: type(v) is int and 0 <= v <= n
def ANY(v): return True
def ascending(v): return all(a < b for a, b in zip(v, v[1:]))


ID, HASH = SIZED(16), SIZED(32)
TIME = TUPLE(lambda v: type(v) is int, UPTO(999_999_999))
REF = TUPLE(UINT, HASH)
LIST = TUPLE(UPTO(4), lambda v: type(v) is bytes and len(v) % 36 == 0)
def REFS(v): return ARRAY(REF)(v) and ascending(v)
def NAMES(v): return ARRAY(TUPLE(UPTO(255), HASH))(v) and ascending(v)


def fields(m, spec, optional=()):
    need(type(m) is dict, "a map is missing")
    for k in m:
        if k < 100 and k not in spec:
            raise UnknownField(k)
    for k, check in spec.items():
        need(check(m[k]) if k in m else k in optional, f"field {k} is missing or of a wrong type")
    return m


# ---------------------------------------------------------------- §6.2 HPKE by hand
def extract(salt, ikm): return hmac.digest(salt or bytes(32), ikm, "sha256")


def expand(prk, info, size):
    out, t, i = b"", b"", 1
    while len(out) < size:
        t = hmac.digest(prk, t + info + bytes([i]), "sha256")
        out, i = out + t, i + 1
    return out[:size]


K_KEM, K_HPKE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03"
def lextract(s, salt, label, ikm): return extract(salt, b"HPKE-v1" + s + label + ikm)
def lexpand(s, prk, label, info, n): return expand(prk, n.to_bytes(2, "big") + b"HPKE-v1" + s + label + info, n)


def derive_key_pair(ikm):
    sk = X25519PrivateKey.from_private_bytes(lexpand(K_KEM, lextract(K_KEM, b"", b"dkp_prk", ikm), b"sk", b"", 32))
    return sk, sk.public_key().public_bytes_raw()


def hpke_schedule(dh, enc, rpk, psk, psk_id, front):
    """(shared, key, nonce); front = header[0..96]."""
    shared = lexpand(K_KEM, lextract(K_KEM, b"", b"eae_prk", dh), b"shared_secret", enc + rpk, 32)
    context = b"\x01" + lextract(K_HPKE, b"", b"psk_id_hash", psk_id) + \
        lextract(K_HPKE, b"", b"info_hash", (PREFIX + "hpke info").encode() + front)
    secret = lextract(K_HPKE, shared, b"secret", psk)
    return shared, lexpand(K_HPKE, secret, b"key", context, 32), lexpand(K_HPKE, secret, b"base_nonce", context, 12)


# ---------------------------------------------------------------- §4 ways in
WHITE_SPACE = "[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"   # Unicode White_Space


def passphrase_bytes(typed):                                                       # §4.2
    return " ".join(filter(None, re.split(WHITE_SPACE, unicodedata.normalize("NFKC", typed)))).encode()


def passphrase_kek(secret, slot):                                                  # §4.2
    memory, passes, lanes = struct.unpack_from("<3I", slot, 96)
    need(65_536 <= memory <= 2_097_152 and 3 <= passes <= 10 and 1 <= lanes <= 4,
         f"the cost of the slot is refused ({memory} KiB, {passes} passes, {lanes} lanes)")
    return argon2.hash_secret_raw(secret, slot[64:96], passes, memory, lanes, 32, argon2.Type.ID, 0x13)


def wordlist():
    from mnemonic import Mnemonic
    return Mnemonic("english").wordlist


def words_secret(numbers):                                                         # §4.3
    """The 32 bytes, or None where the checksum is wrong."""
    n = 0
    for x in numbers:
        n = n << 11 | x
    raw = n.to_bytes(33, "big")
    return raw[:32] if hashlib.sha256(raw[:32]).digest()[0] == raw[32] else None


def recovery_kek(secret, slot): return dk("recovery kek", secret + slot[64:96])
def slot_commitment(kek, slot): return dk("slot commit", kek + slot[:112])


def check_slot(slot, slot_id):                                                     # §4.1
    need(len(slot) == 256 and slot[:8] == b"CHESTSLT", "not a slot")
    need(slot[8] == 1, f"written by a newer Parish Chest (format {slot[8]})")
    need(slot[9] == 1, f"written by a newer Parish Chest (cipher suite {slot[9]})")
    if slot[10] not in (1, 3):
        return False                                       # somebody else's way in
    need(slot[48:64] == slot_id and slot[11] == 0 and not any(slot[108:112]) and not any(slot[192:]) and
         (slot[10] == 1 or not any(slot[96:108])), "reserved bytes or the slot id are wrong")
    return True


def unwrap_slot(slot, kek):
    """MK, or None for a wrong secret."""
    if not hmac.compare_digest(slot_commitment(kek, slot), slot[112:144]):
        return None
    try:
        return ChaCha20Poly1305(dk("slot wrap", kek + slot[:112])).decrypt(bytes(12), slot[144:192], b"slot header v1")
    except InvalidTag:
        raise Damage("damaged slot (the secret is right)") from None


def words_from_file(path, slots):
    """The secret of 24 words; finds and names one wrong or two swapped words with the slots' commitments (§4.3)."""
    listed = wordlist()
    index = {w: i for i, w in enumerate(listed)}
    with open(path, encoding="utf-8") as f:
        typed = f.read().lower().split()
    if len(typed) != 24:
        raise Stop(f"24 recovery words are needed; {path} has {len(typed)}")
    numbers = [index.get(w) for w in typed]
    wrong = [i for i, n in enumerate(numbers) if n is None]

    def fits(numbers):
        secret = words_secret(numbers)
        return secret if secret and any(s[10] == 3 and hmac.compare_digest(
            slot_commitment(recovery_kek(secret, s), s), s[112:144]) for s in slots) else None
    if not wrong and fits(numbers):
        return fits(numbers)
    tries = []
    if not wrong:
        tries += [({i: numbers[j], j: numbers[i]}) for i in range(24) for j in range(i)]
    if len(wrong) <= 1:
        tries += [{i: n} for i in (wrong or range(24)) for n in range(2048)]
    for change in tries:
        secret = fits([change.get(i, n) for i, n in enumerate(numbers)])
        if secret:
            print("note: with " + ", ".join(f"word {i + 1} = {listed[n]}" for i, n in sorted(change.items())) +
                  " the words fit", file=sys.stderr)
            return secret
    raise Stop("wrong secret: the words open no slot" + "".join(f"; word {i + 1} is not in the list" for i in wrong))


# ---------------------------------------------------------------- §5 objects
HEX64 = "[0-9a-f]{64}"
PLACES = {
    "pack": re.compile(rf"packs/([0-9a-f]{{2}})/(?P<hash>\1[0-9a-f]{{62}})"),
    "index": re.compile(rf"index/(?P<id>[0-9a-f]{{32}})/(?P<hash>{HEX64})"),
    "log": re.compile(rf"log/(?P<id>[0-9a-f]{{32}})/(?P<inverse>[0-9a-f]{{16}})-(?P<hash>{HEX64})"),
    "names": re.compile(rf"log/(?P<id>[0-9a-f]{{32}})/names-(?P<hash>{HEX64})"),
    "owner": re.compile(rf"owner/(?P<inverse>[0-9a-f]{{16}})-(?P<hash>{HEX64})"),
    "slot": re.compile(rf"slots/(?P<id>[0-9a-f]{{32}})-(?P<hash>{HEX64})"),
}
LIMIT = {"pack": 64 * MIB, "index": 1024 * MIB, "log": 16 * MIB, "owner": 16 * MIB, "slot": 256, "names": 1024 * MIB}


class Name:
    def __init__(self, place, path, full, m):
        self.place, self.path, self.full, self.copies = place, path, full, [full]
        self.hash = bytes.fromhex(m["hash"])
        groups = m.groupdict()
        self.id = bytes.fromhex(groups["id"]) if "id" in groups else None
        self.seq = 2**64 - 1 - int(m["inverse"], 16) if "inverse" in groups else None

    def get(self, salvage=False):
        """All bytes; names prove bytes. With salvage a wrong hash is only reported. Any good copy will do."""
        first = None
        for full in self.copies:
            try:
                raw = self.get_copy(full, salvage)
            except Damage as e:
                first = first or e
                continue
            if first:
                print(f"note: {self.path}: {first}; its other copy is used", file=sys.stderr)
            return raw
        raise first

    def get_copy(self, full, salvage):
        try:
            with open(full, "rb") as f:
                raw = f.read(LIMIT[self.place] + 1)
        except OSError as e:
            raise Damage(f"cannot be read: {e.strerror}") from None
        need(len(raw) <= LIMIT[self.place], "longer than the format allows")
        altered = "altered: its hash is not the one in its name"
        need(salvage or H(raw) == self.hash, altered)
        if salvage and H(raw) != self.hash:
            report(f"{self.path}: {altered}; what still opens in it is used")
        return raw


def listing(repository):
    if not os.path.isdir(repository):
        raise Stop(f"{repository} is not a folder")
    out = {place: [] for place in PLACES}
    found = {}
    tops = [("", top) for top in ("packs", "index", "log", "owner", "slots")] + [("second", top) for top in ("log", "owner", "slots")]
    for above, top in tops:
        for folder, _, files in os.walk(os.path.join(repository, above, top)):
            for f in files:
                full = os.path.join(folder, f)
                path = os.path.relpath(full, os.path.join(repository, above))
                for place, pattern in PLACES.items():
                    m = pattern.fullmatch(path)
                    if m and stat.S_ISREG(os.lstat(full).st_mode):
                        if path in found:
                            found[path].copies.append(full)
                        else:
                            found[path] = Name(place, path, full, m)
                            out[place].append(found[path])
    for names in out.values():
        names.sort(key=lambda n: n.path)
    return out


# ---------------------------------------------------------------- §6.1 headers, §9.1 record frames
class Newer(Damage):
    """Format, suite or type of a newer program: judged before any cryptography (§16)."""


def check_header(raw, kind_of_object, size):
    need(len(raw) >= size and raw[:8] == b"CHESTOBJ", "not an object of a repository")
    for ok, what, n in ((raw[8] == 1, "format", raw[8]), (raw[9] == 1, "cipher suite", raw[9]),
                        (raw[10] in (1, 2, 3, 4), "object type", raw[10])):
        if not ok:
            raise Newer(f"written by a newer Parish Chest ({what} {n})")
    need(raw[10] == kind_of_object, f"an object of type {raw[10]} in the wrong place")
    return raw[:size]


class Record:
    """A log or owner record: the frame of §9.1, the signature of §9.2."""

    def __init__(self, name, repo, type_, writer, epoch, key):
        raw = name.get()
        need(len(raw) >= 4096 and len(raw) % 4096 == 0, "the length of the record is wrong")
        self.name, self.hash, self.header = name, name.hash, check_header(raw, type_, 176)
        a, b = u32(raw, 176), u32(raw, 180)
        need(184 + a + b + 20 + 64 <= len(raw), "the parts are longer than the record")
        need(b == 0 or type_ == 3 and b >= 48 and (b - 48) % 1024 == 0, "the length of the note is wrong")
        self.public_raw, self.note_raw, self.body_raw = raw[184:184 + a], raw[184 + a:184 + a + b], raw[184 + a + b:-64]
        need(raw[16:48] == repo.R, "of another repository")
        self.epoch, self.kind = u32(raw, 12), raw[11]
        need(raw[48:64] == writer, "of another writer")
        need(epoch is None or self.epoch == epoch, f"of epoch {self.epoch}, not of the grant's")
        if key is None:
            need(self.epoch in repo.mk, f"no way in to epoch {self.epoch} was opened")
            key = repo.owner_key(self.epoch)
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(
                raw[-64:], (PREFIX + "log record").encode() + b"\0" + H(raw[:-64]))
        except InvalidSignature:
            raise Damage("the signature is wrong") from None
        # From here on all is signed: a kind or field that is unknown stops everything (§16).
        self.check_kind()
        try:
            self.public = fields(cbor(self.public_raw), *self.public_spec())
        except UnknownField as e:
            raise Stop(f"{name.path}: {e}; nothing was changed") from None

    @staticmethod
    def unpad(raw, what):
        need(u32(raw) <= len(raw) - 4 and not any(raw[4 + u32(raw):]), f"the padding of {what} is wrong")
        return cbor(raw[4:4 + u32(raw)])

    def open_body(self, repo):
        bk = repo.body_key(self.header)
        aad = H(self.header) + b"\x05" + H(self.public_raw)
        return self.unpad(unseal(bk, 5, 0, aad, self.body_raw, "the record's body"), "the body")


class OwnerRecord(Record):                                                         # §10
    REFS_OF = ARRAY(TUPLE(ID, REFS))
    CONFIG = {0: UINT, 1: TUPLE(UINT, UINT, UINT, UINT), 2: ARRAY(TEXT), 3: ARRAY(TEXT), 4: ARRAY(TEXT), 5: TEXT}
    KINDS = {
        0: {0: HASH, 1: HASH, 2: lambda v: bool(fields(v, OwnerRecord.CONFIG))},
        1: {0: ID, 1: UPTO(2**32 - 1), 2: HASH, 3: TUPLE(ID, UPTO(2**32 - 1))},
        2: {0: ID}, 3: {0: ID, 1: REFS},
        4: {0: ARRAY(HASH)}, 5: {0: ARRAY(HASH)}, 6: {0: ARRAY(HASH), 1: REFS_OF},
        10: {0: ARRAY(TUPLE(ID, HASH))},
    }

    def check_kind(self):
        if self.kind < 128 and self.kind not in self.KINDS:
            raise Stop(f"{self.name.path}: written by a newer Parish Chest (kind {self.kind}); nothing was changed")

    def public_spec(self):
        kind = self.KINDS.get(self.kind)
        return ({0: UINT, 1: REFS, 2: TIME, 3: (lambda v: bool(fields(v, kind))) if kind else ANY},)

    @property
    def what(self): return self.public[3]
    @property
    def seq(self): return self.public[0]
    @property
    def parents(self): return self.public[1]


class LogRecord(Record):                                                           # §11
    ROOT = {0: BYTES, 1: BYTES, 2: UPTO(2), 3: UINT, 4: HASH, 5: UINT, 6: UINT,
            7: TUPLE(HASH, UINT, SIZED(112), UINT, UINT, UINT, UINT, UPTO(1))}

    def check_kind(self):
        if self.kind != 0:
            raise Stop(f"{self.name.path}: written by a newer Parish Chest (kind {self.kind}); nothing was changed")

    def public_spec(self):
        def added(v): return NAMES(v) if type(v) is list else bool(fields(v, {0: HASH, 1: UINT}))
        return ({0: ID, 1: UINT, 2: REFS, 3: ARRAY(REF), 4: REFS, 5: TIME, 6: TIME, 7: UPTO(1), 8: UINT, 9: added,
                 10: ARRAY(TUPLE(ID, UINT, HASH))},)

    @property
    def writer(self): return self.public[0]
    @property
    def seq(self): return self.public[1]
    @property
    def parents(self): return self.public[2]

    def open_note(self, repo):                                                     # §9.1, §11.2
        need(self.note_raw, "the record has no note")
        bk = repo.index_body_key(self.header, self.note_raw[:32], self.writer, self.epoch, None)
        aad = H(self.header) + b"\x06" + H(self.public_raw)
        note = self.unpad(unseal(bk, 6, 0, aad, self.note_raw[32:], "the note"), "the note")
        return fields(note, {0: ARRAY(TUPLE(HASH, UINT)), 1: ARRAY(TUPLE(UINT, UINT, UINT)), 2: ARRAY(TUPLE(BYTES, HASH))})

    def decode(self, repo):                                                        # §11.3
        if not hasattr(self, "body"):
            try:
                body = fields(self.open_body(repo), {
                    0: lambda v: ARRAY(lambda r: bool(fields(r, self.ROOT, (7,))))(v), 1: ARRAY(TUPLE(BYTES, BYTES, UINT, TEXT)),
                    2: TEXT, 3: TEXT, 4: TUPLE(*[UINT] * 4), 5: TEXT, 6: TUPLE(*[UINT] * 4), 7: UINT})
            except UnknownField as e:                      # only this snapshot: the sealed body decides nothing for others
                raise Damage(f"the body was {e}") from None
            self.body = body
        return self.body


# ---------------------------------------------------------------- §7 packs
class Pack:
    def __init__(self, hash_, header, length, chunks):
        self.hash, self.header, self.length, self.chunks, self._bk = hash_, header, length, chunks, None


def lay_out(rows, n, length):
    """rows = [(id, stored, plain, compression)] -> with offsets; checks limits and the sum."""
    at, out = 224 + 41 * n, []
    for cid, stored, plain, comp in rows:
        need(plain <= 64 * MIB and stored <= 64 * MIB and comp in (0, 1), "a chunk row is out of bounds")
        out.append((cid, at, stored, plain, comp))
        at += stored + 16
    need(at + 16 <= length, "the chunks are longer than the pack")
    return out


class Repository:
    def __init__(self, path):
        self.path = path
        self.list = listing(path)
        self.packs_listed = {n.hash: n for n in self.list["pack"]}
        self.index_listed = {(n.id, n.hash): n for n in self.list["index"]}
        self.names_listed = {(n.id, n.hash): n for n in self.list["names"]}
        self.mk, self.where, self.readers, self.fallback = {}, {}, {}, 0
        self.packs_open, self.index_done = {}, set()
        self.open_slots()
        self.read_owner()
        self.read_logs()
        self.judge()

    # ---- §13.1 slots
    def open_slots(self):
        good = []
        for n in self.list["slot"]:
            try:
                raw = n.get()
                if check_slot(raw, n.id):
                    good.append((raw, n))
            except Damage as e:
                report(f"{n.path}: {e}")
        good.sort(key=lambda s: -u32(s[0], 12))            # the highest epoch first
        words, typed, secret = os.environ.get("CHEST_RECOVERY_WORDS_FILE"), os.environ.get("CHEST_PASSPHRASE"), None
        if words:
            secret = words_from_file(words, [s for s, _ in good])
        elif typed is not None:
            secret = passphrase_bytes(typed)
        else:
            raise Stop("set CHEST_PASSPHRASE or CHEST_RECOVERY_WORDS_FILE")
        self.opened = None
        for slot, n in good:
            if slot[10] != (3 if words else 1) or u32(slot, 12) in self.mk or self.mk and slot[16:48] != self.R:
                continue
            try:
                mk = unwrap_slot(slot, (recovery_kek if words else passphrase_kek)(secret, slot))
            except Damage as e:
                report(f"{n.path}: {e}")
                continue
            if mk:
                self.R, self.mk[u32(slot, 12)], self.opened = slot[16:48], mk, self.opened or n
        if not self.mk:
            raise Stop("wrong secret: no slot opens" if good else "no slot to open")
        self.epoch = max(self.mk)
        pairs = {e: derive_key_pair(dk("reader kem ikm", mk + self.R)) for e, mk in self.mk.items()}
        self.reader_pairs = pairs

    # ---- §3 keys
    def owner_key(self, e):
        seed = dk("owner ed25519 seed", self.mk[e] + self.R)
        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()

    def wk(self, w, e):
        need(e in self.mk, f"no way in to epoch {e} was opened")
        return dk("writer root", self.mk[e] + self.R + w + le32(e))

    def body_key(self, header):
        """BK of something sealed to the reader (§6.2)."""
        w, e, enc = header[48:64], u32(header, 12), header[96:128]
        psk = dk("writer psk", self.wk(w, e))
        rsk, rpk = self.reader_pairs[e]
        try:
            dh = rsk.exchange(X25519PublicKey.from_public_bytes(enc))      # refuses 32 zero bytes
            _, key, iv = hpke_schedule(dh, enc, rpk, psk, self.R + w + le32(e), header[:96])
            ok = ChaCha20Poly1305(key).decrypt(iv, header[128:176], header[:96])
        except (ValueError, InvalidTag):
            raise Damage("the object key does not open (HPKE)") from None
        need(hmac.compare_digest(dk("object commit", ok + header[:64]), header[64:96]), "the commitment is wrong")
        return dk("body", ok + H(header))

    def index_body_key(self, header, salt, w, e, commitment):
        ok = dk("index object key", dk("writer index", self.wk(w, e)) + salt + header[:64])
        need(commitment is None or hmac.compare_digest(dk("object commit", ok + header[:64]), commitment),
             "the commitment is wrong")
        return dk("body", ok + H(header))

    # ---- §13.2 owner
    def read_owner(self):
        self.owner, newer_first = {}, None
        for n in self.list["owner"]:
            try:
                r = OwnerRecord(n, self, 4, OWNER, None, None)
                need(r.seq == n.seq, "seq is not the one in the name")
                need(r.kind != 0 or r.seq == 0 and not r.parents and r.what[0] == self.owner_key(r.epoch),
                     "a genesis record that cannot be believed")
                self.owner[r.hash] = r
            except Damage as e:
                report(f"{n.path}: {e}")
                if isinstance(e, Newer) and n.seq == 0:
                    newer_first = e
        def of(k): return sorted((r for r in self.owner.values() if r.kind == k), key=lambda r: (r.seq, r.hash))
        genesis = of(0)
        if not genesis and newer_first:
            raise Stop(f"{newer_first}; this is format 1, suite 1; nothing was changed")
        if not genesis:
            report("the record that begins the repository (genesis) is not there")
        for g in genesis:
            if H(self.reader_pairs[g.epoch][1]) != g.what[1]:
                report(f"{g.name.path}: it names another reader key")
            if g.what[2][2]:
                c = g.what[2]
                raise Stop(f"this repository needs a newer Parish Chest ({c[5]} or later, for {c[2][0]}); nothing was changed")
        if len(genesis) > 1:
            report("there is more than one genesis record")
        self.check_chain(self.owner, "owner/")
        # §13.3 writers; of two grants the one with the larger (seq, hash) holds
        self.grants = {}
        for r in of(1):
            w, e, wpk, (wd, d) = (r.what[k] for k in range(4))
            try:
                wk = self.wk(w, e)
                seed = dk("writer ed25519 seed", wk)
                need(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw() == wpk,
                     "the granted key does not follow from the master key")
                need(d in self.mk, f"no way in to epoch {d} was opened")
                self.grants[w] = (e, wpk, dk("domain root", self.mk[d] + self.R + wd + le32(d)))
            except Damage as err:
                report(f"{r.name.path}: {err}")
        slots = of(10)
        self.live_slots = [tuple(s) for s in slots[-1].what[0]] if slots else None
        if self.live_slots is not None:
            have = {(n.id, n.hash) for n in self.list["slot"]}
            for s in self.live_slots:
                if s not in have:
                    report(f"slots/{s[0].hex()}-{s[1].hex()}: a live slot is not there")
            if (self.opened.id, self.opened.hash) not in self.live_slots:
                report(f"{self.opened.path}: opens, but the owner's records no longer count it as live")

    # ---- §9.4 chains
    @staticmethod
    def check_chain(records, where):
        named, whole = set(), True
        for r in records.values():
            for seq, h in r.parents:
                named.add(h)
                if h not in records or records[h].seq != seq:
                    whole = False
                    report(f"{where}: gap: {r.name.path} names a parent {seq}-{h.hex()} that is not there")
            if r.seq != (r.parents[-1][0] + 1 if r.parents else 0):
                report(f"{where}: gap: the number of {r.name.path} does not follow from its parents")
        heads = [r for h, r in records.items() if h not in named]
        if whole and len(heads) > 1:
            report(f"{where}: a fork: {len(heads)} heads (two programs wrote at once, or a cloned machine)")

    @staticmethod
    def anc(hashes, records):
        out, todo = set(), list(hashes)
        while todo:
            h = todo.pop()
            if h in records and h not in out:
                out.add(h)
                todo += [p for _, p in records[h].parents]
        return out

    # ---- §13.4 logs
    def read_logs(self):
        self.logs = {w: {} for w in self.grants}
        for n in self.list["log"]:
            if n.id not in self.grants:
                report(f"{n.path}: lies in no granted writer's folder")
                continue
            e, wpk, _ = self.grants[n.id]
            try:
                r = LogRecord(n, self, 3, n.id, e, wpk)
                need(r.writer == n.id, "its public part names another writer")
                need(r.seq == n.seq, "seq is not the one in the name")
                self.logs[n.id][r.hash] = r
            except Damage as err:
                report(f"{n.path}: {err}")
        for w, log in self.logs.items():
            self.check_chain(log, f"log/{w.hex()}/")
            for r in log.values():
                for seq, h in r.public[4]:
                    if h not in self.owner or self.owner[h].seq != seq:
                        report(f"gap: {r.name.path} names owner record {seq}-{h.hex()}, which is not there")
                for other, seq, h in r.public[10]:
                    if h not in self.logs.get(other, {}):
                        report(f"gap: {r.name.path} names record {seq}-{h.hex()} of writer {other.hex()}, which is not there")

    # ---- §13.5, §15 what counts
    def judge(self):
        by = {k: [r for r in self.owner.values() if r.kind == k] for k in (3, 6)}
        self.dropped = {p for r in by[6] for p in r.what[0]}

        def condemned(heads):
            return {p for h in self.anc(heads, self.owner) if self.owner[h].kind in (4, 5, 6)
                    for p in self.owner[h].what[0]}
        self.snapshots, self.left_out = [], []
        for w, log in self.logs.items():
            cuts = [self.anc([h for _, h in r.what[1]], log) for r in by[3] if r.what[0] == w]
            drops = [(set(r.what[0]), self.anc([h for x, refs in r.what[1] if x == w for _, h in refs], log)) for r in by[6]]
            for r in log.values():
                saw = condemned([h for _, h in r.public[4]]) if drops else set()
                late = any(packs - saw and r.hash not in kept for packs, kept in drops)
                counts = not late and all(r.hash in kept for kept in cuts)
                (self.snapshots if counts else self.left_out).append(r)
        self.snapshots.sort(key=lambda r: (r.public[6], r.seq, r.hash))

    # ---- §8 index
    def read_index(self, name):
        raw = name.get()
        header = check_header(raw, 2, 128)
        e = self.grants[name.id][0]
        need(raw[11] == 0 and u32(raw, 12) == e and raw[16:48] == self.R and raw[48:64] == name.id, "the header is wrong")
        bk = self.index_body_key(header, raw[96:128], name.id, e, raw[64:96])
        body = unseal(bk, 4, 0, H(header) + b"\x04", raw[128:], "the index object")
        need(len(body) >= 8 and u64(body) <= len(body) - 8 and not any(body[8 + u64(body):]), "the padding is wrong")
        content, at = body[8:8 + u64(body)], 0

        def take(n):
            nonlocal at
            need(n <= len(content) - at, "the content is cut short")
            at += n
            return content[at - n:at]
        take(32 * u32(take(4)))                            # base heads
        packs = []
        for _ in range(u32(take(4))):
            row = take(172)
            n, log2 = u32(row, 56), row[53]
            need(16 <= log2 <= 26 and row[52] in (0, 1) and row[54:56] == b"\0\0", "a pack row is wrong")
            chunks = [(c[:32], u32(c, 32) & 0x7FFFFFFF, u32(c, 36), u32(c, 32) >> 31)
                      for c in (take(40) for _ in range(n))]
            header = b"CHESTOBJ\x01\x01\x01" + row[52:53] + row[48:52] + self.R + row[32:48] + row[60:172]
            packs.append(Pack(row[:32], header, 1 << log2, lay_out(chunks, n, 1 << log2)))
        need(at == len(content), "something follows the last pack")
        return packs, len(content), len(raw)

    # ---- §7 packs
    def read_pack(self, name, everything=False, salvage=False):
        raw = name.get(salvage)
        header = check_header(raw, 1, 176)
        size = 1 << (len(raw) - 1).bit_length() if salvage else len(raw)       # the tail may be cut off
        need(size >= 65536 and size & (size - 1) == 0, "its length is not a power of two of at least 64 KiB")
        need(raw[11] in (0, 1) and raw[16:48] == self.R, "the header is wrong")
        w, e = raw[48:64], u32(raw, 12)
        need(w in self.grants, "sealed by a writer that was never granted")
        bk, hh = self.body_key(header), H(header)
        n, zero, p = struct.unpack("<IIQ", unseal(bk, 0, 0, hh + b"\0", raw[176:208], "the prologue"))
        need(zero == 0 and 240 + 41 * n + p <= size, "the prologue is wrong")
        table = unseal(bk, 2, 0, hh + b"\x02", raw[208:224 + 41 * n], "the table")
        rows = [table[i:i + 41] for i in range(0, 41 * n, 41)]
        chunks = lay_out([(r[:32], u32(r, 36), u32(r, 32), r[40]) for r in rows], n, size)
        need(240 + 41 * n + sum(c[2] + 16 for c in chunks) + p == size, "the lengths do not add up")
        pack = Pack(name.hash, header, size, chunks)
        pack._bk = bk
        if everything:
            cid = dk("chunk id", self.grants[w][2])
            for i in range(n):
                try:
                    self.open_chunk(pack, i, cid, raw[chunks[i][1]:chunks[i][1] + chunks[i][2] + 16])
                except Damage as err:
                    report(f"{name.path}: chunk {i}: {err}")
            pad = unseal(bk, 3, 0, hh + b"\x03", raw[len(raw) - p - 16:], "the padding")
            need(len(pad) == p and not any(pad), "the padding is not zero")
        return pack

    def open_chunk(self, pack, i, cid_key, sealed=None):
        """The plaintext, proven by its id."""
        cid, at, stored, plain, comp = pack.chunks[i]
        if sealed is None:
            need(pack.hash in self.packs_listed, f"pack {pack.hash.hex()} is not there")
            try:
                with open(self.packs_listed[pack.hash].full, "rb") as f:
                    f.seek(at)
                    sealed = f.read(stored + 16)
            except OSError as e:
                raise Damage(f"pack {pack.hash.hex()}: {e.strerror}") from None
        if pack._bk is None:
            pack._bk = self.body_key(pack.header)
        need(len(sealed) == stored + 16, "the pack is cut short")
        aad = H(pack.header) + b"\x01" + le32(i) + cid + le32(plain) + bytes([comp])
        data = unseal(pack._bk, 1, i, aad, sealed, f"chunk {i} of pack {pack.hash.hex()}")
        if comp:
            try:
                need(zstandard.get_frame_parameters(data).content_size in (plain, zstandard.CONTENTSIZE_UNKNOWN),
                     "the length of a compressed chunk is wrong")
                data = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(
                    data, max_output_size=max(plain, 1), allow_extra_data=False)
            except zstandard.ZstdError as e:
                raise Damage(f"a compressed chunk does not open: {e}") from None
        need(len(data) == plain, "the length of a chunk is wrong")
        need(hmac.compare_digest(kh(cid_key, data), cid), "the content is not what its id says")
        return data

    # ---- §13.7 where chunks lie
    def enter(self, pack):
        for i, c in enumerate(pack.chunks):
            self.where.setdefault(c[0], []).append((pack, i))

    def use_index(self, w):
        log = self.logs[w]
        counting = {r.hash for r in self.snapshots if r.writer == w}
        named = {h for x in counting for _, h in log[x].parents}
        for h in counting - named:                         # the heads among the records that count
            try:
                for ih, length in log[h].open_note(self)[0]:
                    if (w, ih) in self.index_done:
                        continue
                    self.index_done.add((w, ih))
                    try:
                        need((w, ih) in self.index_listed, "is not there")
                        packs, _, real = self.read_index(self.index_listed[w, ih])
                        need(real == length, "has not the length that the note says")
                        for p in packs:
                            self.enter(p)
                    except Damage as e:
                        report(f"index/{w.hex()}/{ih.hex()}: {e} (the packs are asked instead)")
            except Damage as e:
                report(f"{log[h].name.path}: its note: {e} (the packs are asked instead)")

    def added(self, r):
        """What key 9 of a log record names (§11.1)."""
        v = r.public[9]
        if type(v) is list:
            return [tuple(x) for x in v]
        need((r.writer, v[0]) in self.names_listed, f"the inventory {v[0].hex()} is not there")
        raw = self.names_listed[r.writer, v[0]].get()
        need(raw[:16] == b"CHESTINV\x01" + bytes(7) and len(raw) == 16 + 33 * v[1], "the inventory is wrong")
        rows = [(raw[i], raw[i + 1:i + 33]) for i in range(16, len(raw), 33)]
        need(ascending(rows), "the inventory does not ascend")
        return rows

    def ask_packs(self, w):
        """Step 1: the packs that this writer's log names. Step 2 (an inherited domain, a lost inventory): all packs.

        Stricter than this would be §5, by which an altered pack is missing. But every chunk proves itself by seal and id,
        the way by the index finds the whole chunks of an altered pack too, and §13.8 wants the rest to restore."""
        self.fallback += 1
        wanted = set(self.packs_listed)
        if self.fallback == 1:
            wanted = set()
            for r in self.logs[w].values():
                try:
                    wanted |= {h for kind, h in self.added(r) if kind == 1}
                except Damage as e:
                    report(f"{r.name.path}: {e}")
        for h in sorted(wanted - set(self.packs_open)):
            self.packs_open[h] = None
            if h in self.packs_listed:
                try:
                    self.packs_open[h] = self.read_pack(self.packs_listed[h], salvage=True)
                    self.enter(self.packs_open[h])
                except Damage as e:
                    report(f"{self.packs_listed[h].path}: {e}")

    def reader(self, w, no_index=False):
        """A function id -> plaintext for the snapshots of one writer."""
        cid_key, self.fallback = dk("chunk id", self.grants[w][2]), 0
        if not no_index:
            self.use_index(w)

        def read(cid, plain=None):
            last, tried = "it is in no pack", 0
            while True:
                places = self.where.get(cid, [])
                for pack, i in places[tried:]:
                    try:
                        data = self.open_chunk(pack, i, cid_key)
                        need(plain is None or len(data) == plain, "its length is not the one in the list")
                        return data
                    except Damage as e:
                        last = str(e)
                tried = len(places)
                if self.fallback == 2:
                    raise Damage(f"chunk {cid.hex()}: {last}")
                self.ask_packs(w)
        return read


# ---------------------------------------------------------------- §12 trees
def order(path): return path.replace(b"/", b"\0")          # "/" counts as 0; NUL is refused


def check_path(p):
    need(type(p) is bytes and b"\0" not in p and (p == b"" or all(c not in (b"", b".", b"..") for c in p.split(b"/"))),
         "a path that is not allowed")
    return p


ENTRY = {0: BYTES, 1: UPTO(7), 2: UPTO(0o7777), 3: UPTO(2**32 - 1), 4: UPTO(2**32 - 1), 5: TIME,
         14: ARRAY(TUPLE(BYTES, BYTES)), 15: ARRAY(TUPLE(BYTES, LIST))}
ENTRY_OF_KIND = {0: {6: UINT, 7: LIST, 8: ARRAY(TUPLE(UINT, UINT)), 9: HASH}, 2: {10: BYTES, 100: HASH}, 5: {11: UINT}, 6: {11: UINT},
                 7: {12: UINT, 13: TEXT}}


def check_entry(e):                                                                # §12.1
    fields(e, ENTRY | {k: ANY for k in range(6, 14)}, (2, *range(6, 16)))
    fields(e, ENTRY | ENTRY_OF_KIND.get(e[1], {}), (2, 8, 9, 14, 15, 100))
    end = -1
    for at, n in e.get(8, ()):
        need(at > end and n > 0, "holes that touch or do not ascend")
        end = at + n
    need(end <= e.get(6, 0), "a hole beyond the end")
    for k in (14, 15):
        need(ascending([name for name, _ in e.get(k, ())]), "extended attributes are not sorted")
    return e


def walk(read, top, where):
    """All entries of a tree in order; a damaged node costs what lies below it (§12.2, §13.8)."""
    def node(cid, level, first, limit):
        try:
            value = cbor(read(cid))
            need(TUPLE(UPTO(8), ARRAY(ANY))(value) and value[1], "not a node")
            need(level is None or value[0] == level, "a node of the wrong level")
            here, items = value
            if here == 0:
                need(all(type(i) is dict and 0 in i for i in items), "an entry without a path")
            else:
                need(all(TUPLE(BYTES, HASH)(i) for i in items), "not an inner node")
            paths = [order(check_path(i[0])) for i in items]
            need(ascending(paths), "a node whose paths do not ascend")
            need(paths[0] == first and (limit is None or paths[-1] < limit), "a node with other paths than its parent says")
        except Damage as e:
            report(f"{where}: a part of the tree from {show(first).replace(chr(0), '/') or '(the root)'} on: {e}")
            return
        for i, item in enumerate(items):
            if here:
                yield from node(item[1], here - 1, paths[i], paths[i + 1] if i + 1 < len(items) else limit)
            else:
                try:
                    yield check_entry(item)
                except Damage as e:
                    report(f"{where}/{show(item[0])}: {e}")
    yield from node(top, None, b"", None)


def expand_list(read, value):                                                      # §12.3
    """[(chunk id, length)] of the content."""
    out = []

    def part(depth, raw):
        need(len(raw) % 36 == 0, "a chunk list of a wrong length")
        need(len(out) + len(raw) // 36 <= 2**20, "a file of more than 2^20 chunks")
        for i in range(0, len(raw), 36):
            cid, n = raw[i:i + 32], u32(raw, i + 32)
            if depth == 0:
                out.append((cid, n))
            else:
                below = read(cid, n)
                need(below, "an empty part of a chunk list")
                part(depth - 1, below)
    part(*value)
    return out


def content(read, e):
    """(chunks, data ranges) of a file, with the sum checked before anything is written."""
    chunks, holes = expand_list(read, e[7]), e.get(8, [])
    need(sum(n for _, n in chunks) + sum(n for _, n in holes) == e[6], "chunks and holes do not make the size")
    ranges, at = [], 0
    for start, n in holes:
        ranges.append((at, start))
        at = start + n
    return chunks, [(a, b) for a, b in ranges + [(at, e[6])] if b > a]


def attributes(read, e):
    """(name, value) of every extended attribute."""
    yield from e.get(14, ())
    for name, value in e.get(15, ()):
        chunks = expand_list(read, value)
        need(sum(n for _, n in chunks) <= 64 * MIB, "an extended attribute that is too long")
        yield name, b"".join(read(cid, n) for cid, n in chunks)


# ---------------------------------------------------------------- §13.9 files
class Target:
    """Writes below one folder. Every step goes by folder handles that follow no link; nothing is overwritten."""

    FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

    def __init__(self, path):
        os.makedirs(path, exist_ok=True)
        self.top, self.at, self.fd, self.root = os.open(path, os.O_RDONLY | os.O_DIRECTORY), None, None, os.geteuid() == 0

    def folder(self, parts):
        """A handle of the folder; what is missing of it (a damaged node) is made."""
        if parts != self.at:
            fd = os.dup(self.top)
            for i, c in enumerate(parts):
                try:
                    below = os.open(c, self.FLAGS, dir_fd=fd)
                except FileNotFoundError:
                    report(f"{show(b'/'.join(parts[:i + 1]))}: the entry of this folder is missing; it was made")
                    os.mkdir(c, 0o700, dir_fd=fd)
                    below = os.open(c, self.FLAGS, dir_fd=fd)
                finally:
                    os.close(fd)
                fd = below
            if self.fd is not None:
                os.close(self.fd)
            self.at, self.fd = parts, fd
        return self.fd

    def meta(self, e, fd, dir_fd, name, shown, read):
        """Owner, attributes, mode, time. By handle (fd), or by name for what cannot be opened."""
        if fd is not None:
            path, how = fd, {}
        else:
            path, how = name, {"dir_fd": dir_fd, "follow_symlinks": False}
        mode = e.get(2)
        if mode is not None:
            if self.root:
                os.chown(path, e[3], e[4], **how)
            elif mode & 0o6000:
                report(f"{shown}: set-user/group-id bits are left out, because the owner cannot be set")
                mode &= 0o1777
        if fd is None:
            xpath = b"/proc/self/fd/%d/" % dir_fd + name
        for key, value in attributes(read, e):
            try:
                if hasattr(os, "setxattr"):
                    os.setxattr(fd if fd is not None else xpath, key, value, follow_symlinks=fd is not None)
                else:
                    raise OSError(errno.ENOTSUP, "not supported here")
            except (OSError, ValueError) as err:
                report(f"{shown}: extended attribute {show(key)}: {err}")
        if mode is not None and e[1] != 2:
            if fd is not None:
                os.fchmod(fd, mode)
            else:
                os.chmod(name, mode, dir_fd=dir_fd)        # a pipe, socket or device that was just made
        ns = e[5][0] * 10**9 + e[5][1]
        os.utime(path, ns=(ns, ns), **how)


def restore(repo, record, target_path, no_index):
    body, out = record.decode(repo), Target(target_path)
    read = repo.reader(record.writer, no_index)
    used, renamed = set(), {}

    def held(c):
        """A name that the target cannot hold is changed openly, never cut."""
        if len(c) <= 255:
            return c
        new = b"chest-renamed-" + H(c).hex()[:32].encode()
        if c not in renamed:
            report(f"the name {show(c)} is too long here; it is restored as {show(new)}")
        renamed[c] = new
        return new
    for root in body[0]:
        label = root[0]
        if label in (b"", b".", b"..") or b"/" in label or b"\0" in label:
            report(f"a root with the label {show(label)!r} is not allowed and is left out")
            continue
        while label in used:
            report(f"two roots are labelled {show(label)}; one is restored as {show(label)}-2")
            label += b"-2"
        used.add(label)
        try:
            os.lstat(held(label), dir_fd=out.top)
            report(f"{show(label)}: is already in the target; nothing is overwritten")
            continue
        except FileNotFoundError:
            pass
        # A group is one of its root: in another root the same first path names another file.
        folders, links, groups, files, size, seen = [], [], {}, 0, 0, 0

        def place(e):
            parts = [held(c) for c in [label] + (e[0].split(b"/") if e[0] else [])]
            return parts, out.folder(parts[:-1]), parts[-1], show(label + b"/" + e[0])

        def one(e):
            nonlocal files, size
            parts, fd, name, shown = place(e)
            kind = e[1]
            if kind == 1:
                os.mkdir(name, 0o700, dir_fd=fd)
                folders.append(e)
            elif kind == 2:
                links.append(e)                            # made last
            elif kind == 7:
                report(f"{shown}: is not in the backup (reason {e[12]}: {e[13]})")
            elif kind == 0:
                files, size = files + 1, size + e[6]
                same = (e[6], e[7], e.get(8))
                if e.get(9) in groups and groups[e[9]][0] == same:
                    first = groups[e[9]][1]
                    src = out.folder(first[:-1])
                    src = os.dup(src)
                    try:
                        os.link(first[-1], name, src_dir_fd=src, dst_dir_fd=out.folder(parts[:-1]), follow_symlinks=False)
                    finally:
                        os.close(src)
                    return
                write_file(e, fd, name, shown)
                if 9 in e:
                    if e[9] in groups:
                        report(f"{shown}: other content than the rest of its hard-link group; restored by itself")
                    groups.setdefault(e[9], (same, parts))
            else:
                if kind == 3:
                    os.mkfifo(name, 0o600, dir_fd=fd)
                else:
                    bits = {4: stat.S_IFSOCK, 5: stat.S_IFCHR, 6: stat.S_IFBLK}[kind]
                    os.mknod(name, bits | 0o600, device=e.get(11, 0), dir_fd=fd)
                out.meta(e, None, fd, name, shown, read)

        def write_file(e, fd, name, shown):
            chunks, ranges = content(read, e)
            part = b".chest-part-" + secrets.token_hex(8).encode()
            f = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=fd)
            try:
                os.ftruncate(f, e[6])                      # holes stay holes
                ranges.reverse()
                for cid, n in chunks:
                    data = memoryview(read(cid, n))
                    while data:
                        a, b = ranges.pop()
                        wrote = os.pwrite(f, data[:b - a], a)
                        data = data[wrote:]
                        if a + wrote < b:
                            ranges.append((a + wrote, b))
                out.meta(e, f, None, None, shown, read)
                try:
                    os.link(part, name, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)    # never over another
                except OSError as err:
                    if err.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
                        raise
                    try:                                   # no hard links here (FAT)
                        os.lstat(name, dir_fd=fd)
                        raise FileExistsError(errno.EEXIST, "is already there")
                    except FileNotFoundError:
                        os.rename(part, name, src_dir_fd=fd, dst_dir_fd=fd)
                        part = None
            finally:
                os.close(f)
                if part:
                    os.unlink(part, dir_fd=fd)

        def attempt(f, e):
            try:
                f(e)
            except (Damage, OSError, OverflowError) as err:
                report(f"{show(label + b'/' + e[0])}: not restored: {err}")

        def link(e):
            parts, fd, name, shown = place(e)
            if e.get(100) in groups and groups[e[100]][0] == e[10]:
                first = groups[e[100]][1]
                src = os.dup(out.folder(first[:-1]))
                try:
                    os.link(first[-1], name, src_dir_fd=src, dst_dir_fd=out.folder(parts[:-1]), follow_symlinks=False)
                finally:
                    os.close(src)
                return
            os.symlink(e[10], name, dir_fd=fd)
            out.meta(e, None, fd, name, shown, read)
            if 100 in e:
                groups.setdefault(e[100], (e[10], parts))

        def folder_meta(e):
            parts, fd, name, shown = place(e)
            here = os.open(name, out.FLAGS, dir_fd=fd)
            try:
                out.meta(e, here, None, None, shown, read)
            finally:
                os.close(here)
        for e in walk(read, root[4], show(label)):
            attempt(one, e)
            seen += 1
        for e in links:
            attempt(link, e)
        for e in reversed(folders):                        # from below, after all else
            attempt(folder_meta, e)
        if (files, size) != (root[5], root[6]):            # §13.10
            report(f"{show(label)}: {files} files with {size} bytes were in the tree; the root says {root[5]} and {root[6]}")
        print(f"{show(label)}: {files} files, {size} bytes, {seen} entries", file=sys.stderr)
    for label, path, kind, text in body[1]:
        print(f"note: exception {kind} when it was backed up: {show(label)}/{show(path)}: {text}", file=sys.stderr)
    if record.public[7]:
        print("note: this backup is PARTIAL", file=sys.stderr)


# ---------------------------------------------------------------- verify
def verify(repo):
    for r in repo.owner.values():
        try:
            need(r.kind >= 128 or r.open_body(repo) == {}, "the body is not the empty map")
        except Damage as e:
            report(f"{r.name.path}: {e}")
    for n in repo.list["names"]:
        try:
            n.get()
        except Damage as e:
            report(f"{n.path}: {e}")
    # packs: every byte
    for n in repo.list["pack"]:
        try:
            repo.packs_open[n.hash] = repo.read_pack(n, everything=True)
        except Damage as e:
            report(f"{n.path}: {e}")
    have = {}                                              # chunk id -> plain length, of packs that are whole
    for p in repo.packs_open.values():
        for c in p.chunks:
            have[c[0]] = c[3]
    # index objects: every row against the packs
    for n in repo.list["index"]:
        if n.id not in repo.grants:
            report(f"{n.path}: lies in no granted writer's folder")
            continue
        try:
            packs, size, length = repo.read_index(n)
            least = -(-(152 + size) // 65536) * 65536
            if least > MIB:
                least = 1 << (151 + size).bit_length()
            need(length == least, "its length is not the least that the format allows")
            for p in packs:
                real = repo.packs_open.get(p.hash)
                if real is None:
                    if p.hash not in repo.dropped:
                        report(f"{n.path}: names pack {p.hash.hex()}, which is missing or damaged")
                elif (real.header, real.chunks, real.length) != (p.header, p.chunks, p.length):
                    report(f"{n.path}: its rows of pack {p.hash.hex()} are not those of the pack")
        except Damage as e:
            report(f"{n.path}: {e}")
    # log records: inventory, note, times, ancestors
    for w, log in repo.logs.items():
        for r in log.values():
            try:
                for kind, h in repo.added(r):
                    there = h in repo.packs_listed or h in repo.dropped if kind == 1 else (w, h) in repo.index_listed
                    need(kind in (1, 2), f"key 9 names an object of kind {kind}")
                    if not there:
                        report(f"{r.name.path}: names {'pack' if kind == 1 else 'index object'} {h.hex()}, which is not there")
                r.open_note(repo)
                far, distance, expected = r, 0, []
                while far.parents and far.parents[0][1] in log:
                    far, distance = log[far.parents[0][1]], distance + 1
                    if distance >= 2 and distance & (distance - 1) == 0:
                        expected.append([far.seq, far.hash])
                complete = not far.parents
                if r.public[3] != expected and (complete or r.public[3][:len(expected)] != expected):
                    report(f"{r.name.path}: its list of ancestors is not what the chain shows")
                for _, h in r.parents:
                    if h in log and min(r.public[5], r.public[6]) < log[h].public[6]:
                        report(f"{r.name.path}: claims a time before the end of its parent")
            except Damage as e:
                report(f"{r.name.path}: {e}")
        repo.use_index(w)
    # trees of all snapshots
    for r in repo.snapshots:
        read = repo.reader(r.writer)
        split = dk("tree split", repo.grants[r.writer][2])
        try:
            body = r.decode(repo)
        except Damage as e:
            report(f"{r.name.path}: {e}")
            continue
        for root in body[0]:
            where, files, size, groups = f"{r.hash.hex()[:16]}:{show(root[0])}", 0, 0, {}
            if 7 in root:                                  # the hint
                ph, length, key_part, i, at, stored, plain, comp = root[7]
                p = repo.packs_open.get(ph)
                if p and (p.length != length or p.header[64:] != key_part or p.chunks[i:i + 1] != [(root[4], at, stored, plain, comp)]):
                    report(f"{where}: the hint about its top node is wrong")
            for e in walk(read, root[4], where):
                at = f"{where}/{show(e[0])}"
                try:
                    if e[1] == 0:
                        files, size = files + 1, size + e[6]
                        for cid, n in content(read, e)[0]:
                            need(have.get(cid) == n, f"chunk {cid.hex()} is in no whole pack")
                        if 9 in e:
                            same = groups.setdefault(e[9], (e[6], e[7], e.get(8), e[0]))
                            need(same[:3] == (e[6], e[7], e.get(8)), "other content than the rest of its hard-link group")
                            need(kh(split, b"\xff" * 4 + same[3]) == e[9], "a hard-link group that does not fit its first path")
                    elif e[1] == 2 and 100 in e:
                        same = groups.setdefault(e[100], (e[10], e[0]))
                        need(same[0] == e[10], "another target than the rest of its hard-link group")
                        need(kh(split, b"\xff" * 4 + same[1]) == e[100], "a hard-link group that does not fit its first path")
                    for _ in attributes(read, e):
                        pass
                except Damage as err:
                    report(f"{at}: {err}")
            if (files, size) != (root[5], root[6]):
                report(f"{where}: {files} files, {size} bytes; the root says {root[5]} and {root[6]}")
    print(f"{len(repo.packs_listed)} packs, {len(have)} chunks, {len(repo.index_listed)} index objects, "
          f"{len(repo.owner)} owner records, {len(repo.snapshots)} snapshots: " + (f"{len(faults)} FAULTS" if faults else "all well"))


# ---------------------------------------------------------------- list
def utc(t):
    when = datetime(1970, 1, 1, tzinfo=timezone.utc)
    try:
        return (when + timedelta(seconds=t[0])).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{t[0]} s"


def head_words(repo, r):                                                           # §3, §13
    n = int.from_bytes(dk("head words", repo.R + r.hash), "big") >> (256 - 66)
    return [n >> 55 - 11 * i & 2047 for i in range(6)]


def list_snapshots(repo):
    for r in repo.snapshots:
        try:
            roots = r.decode(repo)[0]
            print(r.hash.hex(), utc(r.public[6]), "PARTIAL " if r.public[7] else "COMPLETE",
                  ",".join(show(x[0]) for x in roots), sum(x[5] for x in roots), "files", sum(x[6] for x in roots), "bytes", sep="  ")
        except Damage as e:
            report(f"{r.name.path}: {e}")
    for r in repo.left_out:
        print(f"note: {r.name.path} does not count: a cut or a drop of the owner leaves it out", file=sys.stderr)


# ---------------------------------------------------------------- §14.2 cutting; only the self-test needs it
MASKS = [0x1803110, 0x18035100, 0x1800035300, 0x19000353000, 0x590003530000, 0xd90003530000, 0xd90103530000, 0xd90303530000,
         0xd90313530000, 0xd90f03530000, 0xd90303537000, 0xd90703537000, 0xd90707537000, 0xd91707537000, 0xd91747537000,
         0xd91767537000, 0xd93767537000, 0xd93777537000, 0xd93777577000]       # of 6 … 24


def gear_table(ds):
    return struct.unpack("<256Q", blake3(b"gear64", key=dk("gear", ds)).digest(length=2048))


def cut(data, gear, low, average, high):
    n = len(data)
    if n <= low:
        return n
    n = min(n, high)
    c, h, b = min(average, n), 0, round(math.log2(average))
    strict, loose = MASKS[b + 2 - 6], MASKS[b - 2 - 6]
    for i in range(low, 2 * (n // 2)):
        h = (2 * h + gear[data[i]]) & 0xFFFFFFFFFFFFFFFF
        if h & (strict if i < 2 * (c // 2) else loose) == 0:
            return i
    return n


# ---------------------------------------------------------------- §19 test vectors
def selftest():
    bad = 0

    def same(what, got, want):
        nonlocal bad
        if isinstance(got, bytes):
            got = got.hex()
        if got != want:
            bad += 1
        print(("ok    " if got == want else "WRONG ") + what + ("" if got == want else f"\n   got {got}\n  page {want}"))
    mk, R, w, e, text = b"\1" * 32, b"\2" * 32, b"\3" * 16, 0, b"The council resolved to approve the minutes.\n"
    seed = dk("reader kem ikm", mk + R)
    rsk, rpk = derive_key_pair(seed)
    same("reader seed", seed, "d69f41eb2723b2b93e38daa91521af6dfdd3d6bdd91e85a5459fe72b9ef6e5a6")
    same("RPK", rpk, "2f1467709212eb31dcc4f2938a49e6ec8989fe830594d693fbf3c7e55d00f511")
    same("H(RPK)", H(rpk), "0ee6441786d9dd5dfb77bf37bad2195f7f287a810df4c52b346dcf85731ec640")
    def public(s): return Ed25519PrivateKey.from_private_bytes(s).public_key().public_bytes_raw()
    oseed = dk("owner ed25519 seed", mk + R)
    same("owner seed", oseed, "5572d014e06d3b925fa52e62fd4e66fd783d73f00088f310c8c58044af77750d")
    same("OPK", public(oseed), "958f4bca75caa1203fbd82c7f1968f12d6f0e2e76f8d4972e0bdd0e216ffc713")
    wk = dk("writer root", mk + R + w + le32(e))
    psk, idx, wseed = dk("writer psk", wk), dk("writer index", wk), dk("writer ed25519 seed", wk)
    ds = dk("domain root", mk + R + w + le32(0))
    cid_key, split = dk("chunk id", ds), dk("tree split", ds)
    for what, got, want in (
            ("WK", wk, "e2a20bc1894a2a15f98f57630942299fc6b77572bd3727dbe7cf7492a7c41ca0"),
            ("PSK", psk, "b5e58fb8ec07df01669e031f91ec00fc21f49c4a7318d3aaf582f3135603f8a4"),
            ("IDX", idx, "6060aaf3539f6694db683c57b1000eebaa77958a9c80a49d42ab35dbe2af6942"),
            ("WSK seed", wseed, "3753f94f1120b16daa08f406ad1389a3055e3ced5d3cea5bf0997c487e0d09fa"),
            ("WPK", public(wseed), "90d96bea2574445c90908e05ba28bd7f5bfb0ee4780d6534c56afd372d8c2888"),
            ("CACHE", dk("writer local cache", wk), "2555dc5af81508eca60372f0faa737a68285fc1071db1e00d46d8a6719116c0c"),
            ("DS", ds, "39fa0dc345bf3f57ca5bb82cecee64ff20179eca704d784853c72ba57b147b45"),
            ("CID", cid_key, "51b3b944467dd2dc5404e87b43250a97922e805be7bea5fc4351298496a9d6de"),
            ("GEAR", dk("gear", ds), "cda1c227b82a772cd2eb0317cd2a4f93fbaf9df036ba2bdb574c61e241a227d5"),
            ("SPLIT", split, "e9a7278b7f3e373ec188a9e34ecf6e2a6a2625c6deae3a686e17318a0d10fe1c"),
            ("id of TEXT", kh(cid_key, text), "1af8ddeeaa87a6bf2298aa19c497b04da049c0eb15ee4d2c478b0d6ab8f29718"),
            ("link group", kh(split, b"\xff" * 4 + b"minutes.txt"), "fb93378fc32ca8dc9a7eca4fa8af2dd3c8607a5db00ee993635090ebbf01bae9")):
        same(what, got, want)

    g, g7 = gear_table(ds), gear_table(b"\7" * 32)
    same("gear table", [hex(g[i]) for i in (0, 1, 255)], ["0xd76d32a57837eeb2", "0x98e13ee952ce311b", "0x6b1e5f170fbbd8bb"])
    same("gear, DS 07", f"{g7[0]:x} {g7[255]:x}", "2dc7bb61d7aa1200 a15a5634cf626847")
    same("empty chunk, DS 07", kh(dk("chunk id", b"\7" * 32), b""), "c2f781c4cf370c48d866865847ecde157d8bf8c7702f463835158af6286f2cb8")
    data, got, at = blake3(b"golden input").digest(length=100_000), [], 0
    while at < len(data):
        got.append(cut(data[at:at + 32768], g7, 2048, 8192, 32768))
        at += got[-1]
    same("cut lengths", got, [3943, 8415, 10737, 9562, 9417, 4249, 9407, 2772, 7893, 8417, 8460, 9669, 7059])
    same("tree cut numbers", [hex(u32(kh(split, le32(n) + b"minutes.txt"))) for n in (0, 1)], ["0xfe8d2cc0", "0xbbec67cf"])
    n = int.from_bytes(dk("head words", R + b"\4" * 32), "big") >> 190
    numbers = [n >> 55 - 11 * i & 2047 for i in range(6)]
    same("head words", numbers, [1555, 1033, 676, 874, 1198, 428])
    same("head words, as words", " ".join(wordlist()[i] for i in numbers), "second license fee hood noise culture")

    # slots
    def make_slot(kind, slot_id, salt, cost, kek_of):
        head = b"CHESTSLT\1\1" + bytes([kind, 0]) + le32(0) + R + slot_id + salt + struct.pack("<3I", *cost) + bytes(4)
        kek = kek_of(head)
        wrap = dk("slot wrap", kek + head)
        slot = head + slot_commitment(kek, head) + ChaCha20Poly1305(wrap).encrypt(bytes(12), mk, b"slot header v1") + bytes(64)
        need(check_slot(slot, slot_id) and unwrap_slot(slot, kek) == mk and unwrap_slot(slot, bytes(32)) is None, "slot")
        return slot, kek, wrap
    words = ("ahead fame tag cricket until lottery relief exclude orphan august lizard gaze fish exit beauty canyon crew "
             "sentence hamster more scissors open host bleak").split()
    secret = words_secret([wordlist().index(x) for x in words])
    same("recovery secret", secret, bytes((37 * i + 5) % 256 for i in range(32)).hex())
    same("recovery checksum", hashlib.sha256(secret).digest()[:1], "bc")
    slot, kek, wrap = make_slot(3, b"\5" * 16, b"\6" * 32, (0, 0, 0), lambda s: recovery_kek(secret, s))
    same("recovery KEK", kek, "5eeea6cee080e1ab59eeea3db812f2395116c01c5f03ed52d032277ea70599bd")
    same("recovery wrap key", wrap, "d7aeb389b24037dca1a4a6d48705acacc43ca509031308f3af0468ee075e31ce")
    same("recovery commitment", slot[112:144], "34a95bbc82366b69c3f7244b5b0f442d1622101823fbeee09c6d5237f74c4b1f")
    same("recovery slot 144..192", slot[144:192], "1ce822d50439ffb1ebd39255e65b07f24b390f512178bbb3bd19a247f8313e8f0ed5598da0ea8d53e8596d217a0c38a3")
    same("H(slot)", H(slot), "cd036b1900d3cd20e8c8a93eaf57a4210a6ce1d7cdbc7cbb6b954f8ccf52ef68")
    phrase = passphrase_bytes(" Three\u00a0red  \ufb01gs ")
    same("passphrase", phrase.decode(), "Three red figs")
    slot, kek, _ = make_slot(1, b"\7" * 16, b"\x08" * 32, (65536, 3, 1), lambda s: passphrase_kek(phrase, s))
    same("passphrase KEK", kek, "8333ced8d416785d7647dd7db8069c8fbbdd5f46918c28a00a76456dede86d71")
    same("passphrase commitment", slot[112:144], "87860d90e972aa4ef04a7022fb60fa964cef1073375319a2faeecf86213489c6")
    same("passphrase slot 144..192", slot[144:192], "ecdc085edc43eb28f6d69e6ef0f178d2ecdec9ae649c9cc967fb97a66013c7165199c0b048d226dbe422dff4ab3df5f0")
    two = bytes.fromhex("5c9c09075b45311ca82e4920b9da716a379e76ce7e341eaad4c38bae1fdf29fd81b1e281b87c5429aa28e97b9a36fa9b")
    opened = [ChaCha20Poly1305(bytes.fromhex(k)).decrypt(bytes(12), two, b"slot header v1") for k in (
        "554dd41007ea1934fc6875defd7df47b2bb97bac464b55a1be804139d689a329",
        "3aceb58a1856dff5a1672777d6bb87b8ef91802a28e3225a98de1484ee49bf4f")]
    same("two keys open one ciphertext", opened[0] != opened[1], True)
    same("… which no slot lets pass", unwrap_slot(slot[:144] + two + slot[192:], bytes(32)), None)

    # a pack
    row = kh(cid_key, text) + le32(45) + le32(45) + b"\0"
    p = 65536 - 240 - 41 - 45 - 16
    prologue = le32(1) + le32(0) + le64(p)
    d = H(prologue + row + text)
    seed = dk("object seed", b"\x09" * 32 + wk + d)
    ok = dk("object key", seed)
    esk, enc = derive_key_pair(dk("hpke ephemeral", seed))
    fixed = b"CHESTOBJ\1\1\1\0" + le32(0) + R + w
    front = fixed + dk("object commit", ok + fixed)
    dh = esk.exchange(X25519PublicKey.from_public_bytes(rpk))
    shared, key, iv = hpke_schedule(dh, enc, rpk, psk, R + w + le32(0), front)
    wrapped = ChaCha20Poly1305(key).encrypt(iv, ok, front)
    header = front + enc + wrapped
    hh, bk = H(header), dk("body", ok + H(header))
    pack = header + seal(bk, 0, 0, hh + b"\0", prologue) + seal(bk, 2, 0, hh + b"\2", row) + \
        seal(bk, 1, 0, hh + b"\1" + le32(0) + row[:36] + row[40:], text) + seal(bk, 3, 0, hh + b"\3", bytes(p))
    for what, got, want in (
            ("D", d, "a4b9d913ab10e86f2bfb588cf9daa42f90d8139f3ab04026d91676dbc562e15e"),
            ("seed", seed, "4f1578a10b8e3b0ec8ac95ea4fe85b25a48ad06bd5bc1f81968fdef287b83c25"),
            ("OK", ok, "d652bdd999abba2983dcf315c0efa1bf7553dbfdfe5aa65866f4b9c7c99ffd01"),
            ("commitment", header[64:96], "a34bf9ae794913b71bd9c9d131992bf2329d9e5e39bc12523114e5e545c6c270"),
            ("enc", enc, "df5da0dc03a1f9403664c51f4c1e20895ff61468f48f509197778fc5343cdb23"),
            ("dh", dh, "1f8d3bf4fa767c4728ef611243aea9e0b2b36cb9ba399a41e201c58276dce257"),
            ("shared", shared, "30c7c26d076ba9e6f4e3a5921d84ce8f8d5411d051b1d4fb9f80e29b1a7d277a"),
            ("HPKE key", key, "0a2b5f9af32dad439232fb9d706266c6bdc34f1e37d31aa8c7fa204c5f016122"),
            ("HPKE nonce", iv, "bb82737828b5ef254fd1eedc"),
            ("header 128..176", wrapped, "66d4b79759ef95076976dcf2500d17bbaea115b3ca8a806dfdb28b92824d85d660e0284885ed6edc4c059cfed46a82bd"),
            ("H(header)", hh, "2cbb0785f5e162db7500eea0731f1d176a1ed9b4ed4e808e1d6ffcde4938fa6f"),
            ("BK", bk, "3dd6b4dfb738706f7fda39cd80207dde12be16b3f8e12bf0156ade5bb026b846"),
            ("bytes 176..208", pack[176:208], "686fb8b865cca75aa7ef8328ca9016b0f7647685208d69074c788fd620344fbe"),
            ("H(pack)", H(pack), "2ad2b29f600b7afdb764010941ee06c8bd5d6bf607ed42b6f854db0091421c61")):
        same(what, got, want)
    # an index object
    row = H(pack) + w + le32(0) + bytes([0, 16, 0, 0]) + le32(1) + header[64:] + kh(cid_key, text) + le32(45) + le32(45)
    inside = le32(0) + le32(1) + row
    plain = le64(len(inside)) + inside
    plain += bytes(65536 - 128 - 16 - len(plain))
    salt = dk("object salt", dk("object seed", b"\x0a" * 32 + wk + H(plain)))
    same("index salt", salt, "daa364da77a6033925b7de3693d6cd100fd65c554b79f53013f676ec19195f5e")
    fixed = b"CHESTOBJ\1\1\2\0" + le32(0) + R + w
    ok = dk("index object key", idx + salt + fixed)
    header = fixed + dk("object commit", ok + fixed) + salt
    index = header + seal(dk("body", ok + H(header)), 4, 0, H(header) + b"\4", plain)
    same("H(index object)", H(index), "33ad0d49edba217e90124adc8194c905f7aec13d08b5abcdd784e4274659cc06")
    # a leaf, a public part
    leaf = bytes.fromhex("8200 82 a6 0040 0101 021901ed 031903e8 041903e8 05821a6adf024001"
                         "a8 004b6d696e757465732e747874 0100 021901a4 031903e8 041903e8 0582201a1dcd6500 06182d"
                         "07820058241af8ddeeaa87a6bf2298aa19c497b04da049c0eb15ee4d2c478b0d6ab8f297182d000000")
    same("leaf, length", len(leaf), 108)
    same("leaf, id", kh(cid_key, leaf), "ebe4479052b95e9eba8ea65286facd5dd5b65ee1a3c1ff960f01b820366d4c4f")
    got = list(walk({kh(cid_key, leaf): leaf}.__getitem__, kh(cid_key, leaf), "leaf"))
    same("leaf, entries", [(x[0], x[1], x[2], x[5]) for x in got],
         [(b"", 1, 0o755, [1793000000, 1]), (b"minutes.txt", 0, 0o644, [-1, 500000000])])
    same("leaf, content", content(None, got[1]), ([(kh(cid_key, text), 45)], [(0, 45)]))
    part = cbor(bytes.fromhex("ab 005003030303030303030303030303030303 0100 0280 0380 0480 05821a6adf024000 06821a6adf027c05"
                              "0700 0800 0980 0a80"))
    same("public part", bool(fields(part, *LogRecord.public_spec(None))) and part[6], [1793000060, 5])
    for raw in ("1800", "1817", "190017", "a201000000", "a200000000", "9f00ff", "0000", "f6", "c000", "61ff", "8100ff", "5bffffffffffffffff"):
        try:
            cbor(bytes.fromhex(raw))
            same(f"CBOR {raw} is refused", "taken", "refused")
        except Damage:
            pass
    print("all vectors fit" if not bad else f"{bad} WRONG")
    return bad


def main(args):
    no_index = "--no-index" in args
    args = [a for a in args if a != "--no-index"]
    try:
        if args == ["selftest"]:
            return 1 if selftest() else 0
        if len(args) == 2 and args[0] in ("list", "verify"):
            repo = Repository(args[1])
            (list_snapshots if args[0] == "list" else verify)(repo)
        elif len(args) == 4 and args[0] == "restore":
            repo = Repository(args[1])
            if args[2] == "latest":
                found = repo.snapshots[-1:]
            else:
                found = [r for r in repo.snapshots if len(args[2]) >= 4 and r.hash.hex().startswith(args[2].lower())]
            if len(found) != 1:
                raise Stop(f"{len(found)} snapshots fit {args[2]}")
            restore(repo, found[0], args[3], no_index)
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (Stop, Damage) as e:
        print(f"stopped: {e}", file=sys.stderr)
        return 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
