"""What is done within Redis, as one: Lua, run where the record lies.

A record is a line that these scripts read, and below it the record itself, which they do not. The line is a JSON array:
`J` for a job or `T` for a tombstone, its version, its work or null, and its entries in the index of its shard.

Each script says what Redis is to refuse it for, and is refused before it has begun: so a server that is full, or only a
replica, leaves nothing half done. What makes room may be run when there is none. That a record changes is published
first: whoever is told reads after the script, and one who may not publish writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1

FENCED = 60
"""Seconds for which a fence stands."""
CLAIMED = 30
"""Seconds for which a claim of work may be used: less than a fence stands, by far more than clocks differ."""

_HEAD = """
local function head(raw)
  return raw and cjson.decode(string.match(raw, '^[^\\n]*'))
end
"""
_INDEX = """
local function index(key, old, new)
  if old then redis.call('ZREM', key, unpack(old, 4)) end
  if new then
    for place = 4, #new do redis.call('ZADD', key, 0, new[place]) end
  end
end
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the digest by which a server knows it once it has run it."""

    text: str
    digest: str


def _script(*parts: str, flags: str = "") -> Script:
    text = f"#!lua{flags and f' flags={flags}'}\n{''.join(parts)}"
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


_PUT = (
    _HEAD,
    _INDEX,
    f"""
local raw, channel, id, expected, record, event = redis.call('GET', KEYS[1]), unpack(ARGV)
local token, since = ARGV[6], ARGV[7]
local old, new = head(raw), head(record)
if expected == '' then
  if old then return {{'taken'}} end
elseif not old or old[1] ~= 'J' or old[2] ~= expected then
  return {{'changed'}}
end
local before = old and old[3] or cjson.null
if new[3] ~= cjson.null and new[3] ~= before then
  if token == '' then return {{'unclaimed'}} end
  if redis.call('EXISTS', KEYS[4]) == 1 then return {{'fenced'}} end
  if redis.call('TIME')[1] - since > {CLAIMED} then return {{'fenced'}} end
end
redis.call('SPUBLISH', channel, id)
redis.call('SET', KEYS[1], record)
if event == '' then redis.call('DEL', KEYS[2]) else redis.call('RPUSH', KEYS[2], event) end
index(KEYS[3], old, new)
return {{'made', before ~= cjson.null and before ~= new[3] and before}}
""",
)
PUT = _script(*_PUT)
"""Put a version over the one expected, or where there is nothing; tell the work that was let go of.

KEYS record, timeline, index, fence. ARGV channel, id, expected version or nothing, record, event, and where work is
taken on the claim's token and the second that it was made in.
"""
BURY = _script(*_PUT, flags="allow-oom")
"""The same for a tombstone, which takes less room than its job."""

ERASE = _script(
    _HEAD,
    _INDEX,
    """
local raw, wanted = redis.call('GET', KEYS[1]), ARGV[3]
local old = head(raw)
local found = old and wanted == ''
for place = 4, old and #old or 0 do found = found or old[place] == wanted end
if not found then return false end
if wanted == '' then redis.call('SPUBLISH', ARGV[1], ARGV[2]) end
redis.call('DEL', KEYS[1], KEYS[2])
index(KEYS[3], old)
return raw
""",
    flags="allow-oom",
)
"""Leave nothing of a record; give what it was.

KEYS record, timeline, index. ARGV channel, id, an entry that it must have, or nothing.
"""

RESTORE = _script(
    _HEAD,
    _INDEX,
    """
local raw = redis.call('GET', KEYS[1])
local old, new = head(raw), head(ARGV[3])
redis.call('SPUBLISH', ARGV[1], ARGV[2])
redis.call('SET', KEYS[1], ARGV[3])
redis.call('DEL', KEYS[2])
for place = 4, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[place]) end
index(KEYS[3], old, new)
return raw
""",
)
"""Put a record over whatever is there; give that. KEYS record, timeline, index. ARGV channel, id, record, events."""

WHOLE = _script("return {redis.call('GET', KEYS[1]), redis.call('LRANGE', KEYS[2], 0, -1)}", flags="no-writes")
"""Read a record with its timeline. KEYS record, timeline."""

SWAP = _script(
    """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""
)
"""Put a value in place of another. KEYS value. ARGV what is expected, the new one."""

TAKE = _script(
    """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[2])
return false
"""
)
"""Claim work that is free, or claimed as expected; give the claim that stands against it. KEYS claim. ARGV claims."""

FENCE = _script(
    _HEAD,
    """
local old = head(redis.call('GET', KEYS[1]))
if old and old[1] == 'J' and old[3] == ARGV[1] then return 1 end
if ARGV[2] ~= '0' then redis.call('SET', KEYS[2], '', 'EX', ARGV[2]) end
return 0
""",
)
"""Tell whether a job does some work; where it does not, see to it that the claim is never used.

KEYS record, fence. ARGV work, seconds for which the fence stands, or 0 to look only.
"""

DROP = _script(
    """
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, ARGV[1]) == ARGV[2] then redis.call('DEL', KEYS[1]) end
""",
    flags="allow-oom",
)
"""Delete a value that, from some place on, is as told. KEYS value. ARGV place, text."""

COUNT_FROM = _script(
    """
local held, wanted = redis.call('GET', KEYS[1]) or '0', ARGV[1]
if #held < #wanted or (#held == #wanted and held < wanted) then redis.call('SET', KEYS[1], wanted) end
"""
)
"""Count on from a number at the least. It is compared as text: Lua's own numbers do not reach that far."""

LEAD = _script(
    """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
)
"""Take or keep a role. KEYS role. ARGV holder, milliseconds."""

NOTE = _script(
    """
if redis.call('GET', KEYS[1]) ~= (ARGV[3] or false) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
return 1
"""
)
"""Put a note in place of another, or of none. KEYS note. ARGV the new one, its last millisecond, what is expected."""

ADD_CREDENTIAL = _script(
    """
if redis.call('HEXISTS', KEYS[1], ARGV[2]) + redis.call('HEXISTS', KEYS[2], ARGV[1]) > 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
"""
)
"""Keep a credential whose id and digest are new. KEYS credentials, digests by id. ARGV id, digest, credential."""

SWAP_CREDENTIAL = _script(
    """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""
)
"""Put a credential in place of what it was. KEYS credentials. ARGV digest, what is expected, the new one."""

CREDENTIAL = _script(
    """
local digest = redis.call('HGET', KEYS[2], ARGV[1])
return digest and {digest, redis.call('HGET', KEYS[1], digest)}
""",
    flags="no-writes",
)
"""Find a credential by its id. KEYS credentials, digests by id. ARGV id."""

BY_DIGEST = {made.digest: made for made in list(globals().values()) if isinstance(made, Script)}
