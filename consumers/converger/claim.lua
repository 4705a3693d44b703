-- Take a partition over: whoever held it before is fenced from here on.
-- KEYS: meta.  ARGV: seconds to live.
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('EXPIRE', KEYS[1], ARGV[1])
return redis.call('HGETALL', KEYS[1])
