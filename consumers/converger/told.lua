-- Forget the first alerts of the outbox: Kafka has them.
-- KEYS: meta, outbox.  ARGV: epoch, number of alerts.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return {'fenced'} end
redis.call('LTRIM', KEYS[2], ARGV[2], -1)
return {'ok'}
