# Checks a chain of ledger lines without this software: python3 check.py < chain.jsonl
import hashlib, json, sys
prev, seq = "", 0
for line in sys.stdin.read().splitlines():
    entry = json.loads(line)
    plain = lambda e: json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    said = entry.pop("hash")
    assert plain({**entry, "hash": said}) == line, f"{seq + 1}: not canonical"
    assert (entry["prev"], entry["seq"]) == (prev, seq + 1), f"{seq + 1}: does not follow"
    assert hashlib.sha256(plain(entry).encode()).hexdigest() == said, f"{seq + 1}: another hash"
    prev, seq = said, seq + 1
print(seq, prev)
