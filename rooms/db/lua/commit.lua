-- Appends entries to ledgers and changes what hangs on them, all or nothing.
--
-- ARGV is flat:
--   number of chains, then for each: index of its heads' hash in KEYS, field of
--   the head there, expected head, new head, index of its stream in KEYS,
--   number of entries, then for each entry: stream id, line;
--   number of guards, then for each: index of its key in KEYS, field (empty for
--   a plain key), value that must stand there (empty for none);
--   then commands until the end: name, index of the key in KEYS, number of
--   arguments, arguments.
--
-- A chain without entries is only checked. Answers:
--   DONE               written now
--   AGAIN              this very commit was written before (its reply was lost)
--   CONFLICT <key>     somebody else has written, nothing is changed
--   FENCED <key>       a guard doesn't hold, nothing is changed
local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end
local function key()
  return KEYS[tonumber(take())]
end

local chains, conflict, again = {}, nil, false
for i = 1, tonumber(take()) do
  local c = { heads = key(), field = take(), expected = take(), head = take(), stream = key(), entries = {} }
  for j = 1, tonumber(take()) do
    c.entries[j] = { id = take(), line = take() }
  end
  chains[i] = c
  if (redis.call('HGET', c.heads, c.field) or '') ~= c.expected then
    conflict = conflict or c.heads
    local last = c.entries[#c.entries]
    if last then
      local there = redis.call('XRANGE', c.stream, last.id, last.id)
      if there[1] and there[1][2][2] == last.line then
        again = true
      end
    end
  end
end
if again then
  return 'AGAIN'
end
for i = 1, tonumber(take()) do
  local where, field, want = key(), take(), take()
  local there
  if field == '' then
    there = redis.call('GET', where)
  else
    there = redis.call('HGET', where, field)
  end
  if (there or '') ~= want then
    return 'FENCED ' .. where
  end
end
if conflict then
  return 'CONFLICT ' .. conflict
end

for _, c in ipairs(chains) do
  for _, e in ipairs(c.entries) do
    redis.call('XADD', c.stream, e.id, 'e', e.line)
  end
  if #c.entries > 0 then
    redis.call('HSET', c.heads, c.field, c.head)
  end
end
while at < #ARGV do
  local name, where, args = take(), key(), {}
  for i = 1, tonumber(take()) do
    args[i] = take()
  end
  redis.call(name, where, unpack(args))
end
return 'DONE'
