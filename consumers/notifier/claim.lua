-- Take the first delivery of the subscription that has been due for longest, and hold it for a while.
-- A hold that has run out is taken over: its holder is thought dead.
-- KEYS: subscriptions.  ARGV: base of the key names, seconds to live, now (ms), end of the hold (ms), token.
-- Returns nothing where none is due, else subscription, its JSON, key, occasion, attempts (this one counted),
-- time of creation (ms), time of the record (ms), failures of the receiver in a row, alert's id, alert as JSON ('': gone).
local base, ttl, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local due = base .. 'due'
for _ = 1, 100 do
  local name = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 1)[1]
  if not name then return {} end
  local lanes, receiver = base .. 'lanes:' .. name, base .. 'receiver:' .. name
  local subscription = redis.call('HGET', KEYS[1], name)
  local alert, ready = unpack(redis.call('ZRANGE', lanes, 0, 0, 'WITHSCORES'))
  local key = alert and redis.call('LINDEX', base .. 'lane:' .. name .. ':' .. alert, 0)
  if not subscription or not alert then
    redis.call('ZREM', due, name)
  elseif not key then
    redis.call('ZREM', lanes, alert)
  elseif tonumber(ready) > now then
    redis.call('ZADD', due, ready, name)
  else
    local delivery = base .. 'delivery:' .. key
    local attempts = redis.call('HINCRBY', delivery, 'attempts', 1)
    local revision, occasion, created, stamp = unpack(redis.call('HMGET', delivery, 'revision', 'occasion', 'created', 'stamp'))
    redis.call('EXPIRE', delivery, ttl)
    redis.call('HSET', receiver, 'token', ARGV[5], 'key', key, 'alert', alert)
    redis.call('EXPIRE', receiver, ttl)
    redis.call('ZADD', due, ARGV[4], name)
    local json = redis.call('GET', base .. 'body:' .. alert .. ':' .. (revision or ''))
    return {name, subscription, key, occasion or '', attempts, created or ARGV[3], stamp or ARGV[3],
      redis.call('HGET', receiver, 'failures') or '0', alert, json or ''}
  end
end
return {}
