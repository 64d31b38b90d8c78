import { script } from '../redis/index.ts'

/**
 * `take` of gcra.ts for several buckets in one step: takes from all of them, or from none when one refuses. KEYS: the
 * buckets. ARGV: the cost, then interval and burst of each. Answers the time it is (the server's, so that all processes
 * have the same) and, as they were before, the times up to which the buckets are paid.
 */
export const takeScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[1])
local paid = redis.call('MGET', unpack(KEYS))
local due, taken = {}, true
for i = 1, #KEYS do
  paid[i] = tonumber(paid[i] or 0)
  local interval, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local ahead, full = paid[i] - now, burst * interval
  local owed = (ahead < 0 or ahead > 2 * full) and 0 or math.min(ahead, full)
  owed = owed + cost * interval
  if cost > 0 and owed > full then taken = false end
  due[i] = now + owed
end
if taken and cost ~= 0 then
  for i, key in ipairs(KEYS) do
    if due[i] > now then
      redis.call('SET', key, string.format('%.0f', due[i]), 'PX', math.ceil((due[i] - now) / 1000))
    else
      redis.call('DEL', key)
    end
  end
end
return { now, unpack(paid) }
`)
