-- Put a subscription in force, if it is still as the caller saw it. What waits for it is tried at once: its target may be mended.
-- KEYS: subscriptions.  ARGV: base of the key names, name, JSON seen ('': none), new JSON, most subscriptions.
local base, name, seen = ARGV[1], ARGV[2], ARGV[3]
if (redis.call('HGET', KEYS[1], name) or '') ~= seen then return 'changed' end
if seen == '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return 'full' end
redis.call('HSET', KEYS[1], name, ARGV[4])
local receiver, lanes = base .. 'receiver:' .. name, base .. 'lanes:' .. name
redis.call('HDEL', receiver, 'failures', 'pause')
for _, alert in ipairs(redis.call('ZRANGE', lanes, 0, -1)) do redis.call('ZADD', lanes, 0, alert) end
if redis.call('HEXISTS', receiver, 'token') == 0 then redis.call('ZADD', base .. 'due', 'XX', 0, name) end
return 'ok'
