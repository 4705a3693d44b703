-- End a subscription: it, what waits for it, and the hold of a courier that tells it something now.
-- KEYS: subscriptions.  ARGV: base of the key names, name.
local base, name = ARGV[1], ARGV[2]
local lanes = base .. 'lanes:' .. name
for _, alert in ipairs(redis.call('ZRANGE', lanes, 0, -1)) do
  local lane = base .. 'lane:' .. name .. ':' .. alert
  for _, key in ipairs(redis.call('LRANGE', lane, 0, -1)) do
    redis.call('DEL', base .. 'delivery:' .. key)
    redis.call('ZREM', base .. 'waiting', key)
  end
  redis.call('DEL', lane)
end
redis.call('DEL', lanes, base .. 'receiver:' .. name)
redis.call('ZREM', base .. 'due', name)
redis.call('HDEL', base .. 'counts', name)
return redis.call('HDEL', KEYS[1], name)
