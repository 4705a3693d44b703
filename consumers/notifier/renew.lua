-- Hold a delivery for longer, if it is still held.
-- KEYS: due.  ARGV: base of the key names, subscription, token, end of the hold (ms).
if redis.call('HGET', ARGV[1] .. 'receiver:' .. ARGV[2], 'token') ~= ARGV[3] then return 0 end
redis.call('ZADD', KEYS[1], 'XX', ARGV[4], ARGV[2])
return 1
