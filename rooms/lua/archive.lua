-- Takes a room's record out of Redis, whose copy in the store was read back.
-- KEYS: the room's hash, its record, the index of what may go. ARGV: the record's
-- head as it was copied, the room's id.
-- Answers DONE, also where it is gone already, or CONFLICT where the record has
-- another head or no custody ledger.
if redis.call('HGET', KEYS[1], 'record') ~= ARGV[1] or not redis.call('HGET', KEYS[1], 'custody') then
  return 'CONFLICT'
end
redis.call('HSET', KEYS[1], 'archived', ARGV[1])
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[2])
return 'DONE'
