-- Close minutes: the trends they changed, the life of alerts, the outbox, and what may be forgotten, all or nothing.
-- KEYS: meta, minutes, subjects, groups, outbox, deadlines.
-- ARGV: base of the partition's key names, seconds to live, epoch, closed expected, closed after,
--       first minute to keep, first published hour to keep, first minute of activity to keep a subject for,
--       number of subjects, number of groups, number of alerts, number of deadlines, when texts come, the past of all,
--       then for each subject: name, last minute, trend; for each group: name, state ('' forgets it); for each alert: the alert;
--       for each deadline: subject, minute ('' takes it away).
local base, ttl = ARGV[1], ARGV[2]
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[3] then return {'fenced'} end
if (redis.call('HGET', KEYS[1], 'closed') or '') ~= ARGV[4] then return {'out of step'} end

local i = 15
for _ = 1, tonumber(ARGV[9]) do
  redis.call('SET', base .. 'trend:' .. ARGV[i], ARGV[i + 2], 'EX', ttl)
  redis.call('ZADD', KEYS[3], ARGV[i + 1], ARGV[i])
  i = i + 3
end
for _ = 1, tonumber(ARGV[10]) do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[4], ARGV[i])
  else
    redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1])
  end
  i = i + 2
end
for _ = 1, tonumber(ARGV[11]) do
  redis.call('RPUSH', KEYS[5], ARGV[i])
  i = i + 1
end
for _ = 1, tonumber(ARGV[12]) do
  if ARGV[i + 1] == '' then
    redis.call('ZREM', KEYS[6], ARGV[i])
  else
    redis.call('ZADD', KEYS[6], ARGV[i + 1], ARGV[i])
  end
  i = i + 2
end

for _, minute in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[6])) do
  redis.call('DEL', base .. 'minute:' .. minute)
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[6])
local hour = tonumber(redis.call('HGET', KEYS[1], 'hour') or ARGV[7])
local keep = tonumber(ARGV[7])
while hour < keep do
  redis.call('DEL', base .. 'seen:' .. hour)
  hour = hour + 1
end
redis.call('HSET', KEYS[1], 'hour', hour)
for _, subject in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[8], 'LIMIT', 0, 1000)) do
  redis.call('DEL', base .. 'trend:' .. subject)
  redis.call('ZREM', KEYS[3], subject)
  redis.call('ZREM', KEYS[6], subject)
end
redis.call('HSET', KEYS[1], 'closed', ARGV[5], 'flow', ARGV[13], 'whole', ARGV[14])
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ttl) end
return {'ok'}
