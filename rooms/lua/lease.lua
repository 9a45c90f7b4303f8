-- Takes or renews leases of live rooms, or gives one up. KEYS are, for each room,
-- its lease (a key with a time to live: "fence node") and its hash, whose field
-- fence says who held it last: "fence node", or "fence -" once it was given up.
-- That field outlives the lease: commits are guarded by it.
--
-- ARGV: what ("hold", "keep" or "leave"), the node, time to live in ms, and "1" where a
-- lease that another node let lapse may be taken. The reply has a line for each:
--   OWN fence [head of record] [head of custody]
--   HELD node           another node has it
--   WAIT node           it lapsed, but its last owner may come back for it
--   NONE                there is no such room
--   LOST                asked to keep it, but the node was not its last owner
--   LEFT                it was given up, or was not this node's any more
local what, node, ttl, others = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local function split(text)
  if not text then
    return 0, '-'
  end
  local fence, owner = string.match(text, '^(%d+) (.*)$')
  return tonumber(fence), owner
end

local function leave(lease, room)
  local fence, last = split(redis.call('HGET', room, 'fence'))
  if last == node then
    redis.call('DEL', lease)
    redis.call('HSET', room, 'fence', fence .. ' -')
  end
  return 'LEFT'
end

local function hold(lease, room)
  local record = redis.call('HGET', room, 'record')
  if not record then
    return 'NONE'
  end
  local _, owner = split(redis.call('GET', lease))
  if owner ~= '-' and owner ~= node then
    return 'HELD ' .. owner
  end
  local fence, last = split(redis.call('HGET', room, 'fence'))
  if last ~= node then
    if what == 'keep' then
      return 'LOST'
    end
    if last ~= '-' and others ~= '1' then
      return 'WAIT ' .. last
    end
    fence = fence + 1
    redis.call('HSET', room, 'fence', fence .. ' ' .. node)
  end
  redis.call('SET', lease, fence .. ' ' .. node, 'PX', ttl)
  return 'OWN ' .. fence .. ' ' .. record .. ' ' .. (redis.call('HGET', room, 'custody') or '')
end

local lines = {}
for i = 1, #KEYS, 2 do
  lines[#lines + 1] = (what == 'leave' and leave or hold)(KEYS[i], KEYS[i + 1])
end
return table.concat(lines, '\n')
