-- Put what is to be told of some alerts into the queue, once for each key, and move the position on; all or nothing.
-- A subscription that was ended meanwhile gets nothing. What is in a lane is told in order.
-- KEYS: subscriptions.
-- ARGV: base of the key names, seconds to live, now (ms), partition, offset expected ('': none), offset after these records,
--       then for each record: alert, revision, time of the record (ms), the alert as JSON, whether it is held back (1 or 0),
--       number of deliveries,
--       then for each of those: key, subscription, its id, occasion, severity.
local base, ttl, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local position = base .. 'position'
if (redis.call('HGET', position, ARGV[4]) or '') ~= ARGV[5] then return {'out of step'} end
redis.call('HSET', position, ARGV[4], ARGV[6])
local touched = {[position] = true}

local function touch(name)
  touched[name] = true
  return name
end

local ids = {}
local function in_force(name, id)
  if ids[name] == nil then
    local stored = redis.call('HGET', KEYS[1], name)
    ids[name] = stored and cjson.decode(stored).id or ''
  end
  return ids[name] == id
end

local receivers = {}
local put = 0
local at = 7
while at <= #ARGV do
  local alert, revision, stamp, json, many = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 5])
  local held = touch(base .. 'held:' .. ARGV[4])
  if ARGV[at + 4] == '1' then
    redis.call('HSET', held, alert, stamp .. ' ' .. json)
  else
    redis.call('HDEL', held, alert)
  end
  at = at + 6
  touch(base .. 'told:' .. alert)
  if many > 0 then redis.call('SET', base .. 'body:' .. alert .. ':' .. revision, json, 'EX', ttl) end
  for _ = 1, many do
    local key, name, id, occasion, severity = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    at = at + 5
    local delivery = base .. 'delivery:' .. key
    if in_force(name, id) then
      redis.call('HSET', base .. 'told:' .. alert, id, severity)
      if redis.call('EXISTS', delivery) == 0 then
        redis.call('HSET', delivery, 'subscription', name, 'alert', alert, 'revision', revision, 'occasion', occasion,
          'severity', severity, 'state', 'waiting', 'attempts', 0, 'created', ARGV[3], 'stamp', stamp)
        redis.call('EXPIRE', delivery, ttl)
        redis.call('RPUSH', touch(base .. 'lane:' .. name .. ':' .. alert), key)
        redis.call('ZADD', touch(base .. 'lanes:' .. name), 'NX', now, alert)
        redis.call('ZADD', touch(base .. 'waiting'), now, key)
        redis.call('HINCRBY', touch(base .. 'counts'), name, 1)
        receivers[name] = true
        put = put + 1
      end
    end
  end
end

for name in pairs(receivers) do
  local held, pause = unpack(redis.call('HMGET', base .. 'receiver:' .. name, 'token', 'pause'))
  if not held then
    local first = redis.call('ZRANGE', base .. 'lanes:' .. name, 0, 0, 'WITHSCORES')
    redis.call('ZADD', touch(base .. 'due'), math.max(tonumber(pause or '0'), tonumber(first[2])), name)
  end
end
for name in pairs(touched) do redis.call('EXPIRE', name, ttl) end
return {'ok', put}
