-- Take a batch of events in: pairs not seen before, the minutes they count in, the watermarks and the offset, all or nothing.
-- KEYS: meta, minutes, counts, outbox.
-- ARGV: base of the partition's key names, seconds to live, epoch, offset expected, offset after the batch,
--       number of text partitions, watermarks as JSON {partition: seconds}, number of late hypotheses, the late hypotheses,
--       then for each event: minute, published hour, payload, digests of its (text, subject) pairs joined by commas.
local base, ttl = ARGV[1], ARGV[2]
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[3] then return {'fenced'} end
if (redis.call('HGET', KEYS[1], 'offset') or '') ~= ARGV[4] then return {'out of step'} end

local closed = tonumber(redis.call('HGET', KEYS[1], 'closed') or '0')
local touched = {}
local fresh, repeated = 0, 0
local late = tonumber(ARGV[8])
for i = 9, 8 + late do redis.call('RPUSH', KEYS[4], 'L' .. ARGV[i]) end
for i = 9 + late, #ARGV, 4 do
  local seen = base .. 'seen:' .. ARGV[i + 1]
  local mask, any = '', false
  for digest in string.gmatch(ARGV[i + 3], '[^,]+') do
    if redis.call('SADD', seen, digest) == 1 then
      mask, any, fresh = mask .. '1', true, fresh + 1
    else
      mask, repeated = mask .. '0', repeated + 1
    end
  end
  touched[seen] = true
  if any then
    local minute = math.max(tonumber(ARGV[i]), closed)
    local list = base .. 'minute:' .. minute
    redis.call('RPUSH', list, mask .. ARGV[i + 2])
    redis.call('ZADD', KEYS[2], minute, minute)
    touched[list] = true
  end
end

for partition, seconds in pairs(cjson.decode(ARGV[7])) do
  local field = 'mark:' .. partition
  if tonumber(seconds) > tonumber(redis.call('HGET', KEYS[1], field) or '-inf') then
    redis.call('HSET', KEYS[1], field, seconds)
  end
end
redis.call('HSET', KEYS[1], 'offset', ARGV[5])
if tonumber(ARGV[6]) > 0 then redis.call('HSET', KEYS[1], 'of', ARGV[6]) end
redis.call('HINCRBY', KEYS[3], 'pairs', fresh)
redis.call('HINCRBY', KEYS[3], 'repeated', repeated)
for key in pairs(touched) do redis.call('EXPIRE', key, ttl) end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ttl) end
return {'ok', fresh, repeated}
