-- Say what became of a delivery that is held, note it in the log, and let its subscription be served again.
-- Whoever has lost the hold changes nothing.
-- KEYS: due.
-- ARGV: base of the key names, seconds to live, now (ms), subscription, token, result, next try (ms),
--       failures of the receiver in a row, end of its pause (ms), length of the log, then fields and values of the log.
local base, ttl, now, name, result = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[6]
local receiver, lanes = base .. 'receiver:' .. name, base .. 'lanes:' .. name
local token, key, alert = unpack(redis.call('HMGET', receiver, 'token', 'key', 'alert'))
if token ~= ARGV[5] then return 0 end
redis.call('HDEL', receiver, 'token', 'key', 'alert')
redis.call('HSET', receiver, 'failures', ARGV[8], 'pause', ARGV[9])
redis.call('EXPIRE', receiver, ttl)

if result == 'retry' then
  redis.call('ZADD', lanes, ARGV[7], alert)
else
  local lane = base .. 'lane:' .. name .. ':' .. alert
  redis.call('HSET', base .. 'delivery:' .. key, 'state', result)
  redis.call('EXPIRE', base .. 'delivery:' .. key, ttl)
  redis.call('LREM', lane, 1, key)
  if redis.call('EXISTS', lane) == 1 then redis.call('ZADD', lanes, now, alert) else redis.call('ZREM', lanes, alert) end
  redis.call('ZREM', base .. 'waiting', key)
  if redis.call('HINCRBY', base .. 'counts', name, -1) <= 0 then redis.call('HDEL', base .. 'counts', name) end
end

local first = redis.call('ZRANGE', lanes, 0, 0, 'WITHSCORES')
if first[1] then
  -- Not before now: a subscription with a long queue takes its turn behind those that have waited.
  redis.call('ZADD', KEYS[1], math.max(now, tonumber(ARGV[9]), tonumber(first[2])), name)
else
  redis.call('ZREM', KEYS[1], name)
end
redis.call('XADD', base .. 'log', 'MAXLEN', '~', ARGV[10], '*', unpack(ARGV, 11))
redis.call('EXPIRE', base .. 'log', ttl)
return 1
