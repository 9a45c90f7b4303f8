-- Takes one from a bucket that fills up in time (GCRA). KEYS[1] holds when the
-- bucket would be full again, in ms since 1970.
-- ARGV: now, ms that one takes to come back, how many a full bucket holds,
-- how many are taken (0 asks only).
-- Answers 0, or how many ms to wait; then nothing was taken.
local now, every, burst, take = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = full + every * math.max(take, 1) - burst * every - now
if wait > 0 then
  return wait
end
if take > 0 then
  full = full + every * take
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', string.format('%.0f', full - now + 1))
end
return 0
