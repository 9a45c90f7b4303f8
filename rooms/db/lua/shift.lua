-- Gives a member of an index another score, where it has the expected one: of
-- all who want to take it up, one does.
--
-- KEYS: the index. ARGV: member, expected score, new score; an empty one takes
-- it out. Then, where there are more: a hash in KEYS, field and value to set.
-- Answers MINE or GONE.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then
  return 'GONE'
end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
if KEYS[2] then
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
end
return 'MINE'
