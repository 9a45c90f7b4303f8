-- Sets what a manager's desk says. KEYS[1] is the hash of desks. ARGV: the
-- manager, what must stand there ("*" for anything, empty for nothing), what
-- stands there then.
-- Answers DONE or GONE.
if ARGV[2] ~= '*' and (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 'GONE'
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 'DONE'
