-- Puts a member into sorted sets. KEYS are the sets; ARGV the member, then its
-- score in each.
for i, set in ipairs(KEYS) do
  redis.call('ZADD', set, ARGV[i + 1], ARGV[1])
end
return 'DONE'
