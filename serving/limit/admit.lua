-- Lets a request in, or says what it runs into: exact, however many ask, since
-- Redis runs one script at a time, by its own clock.
--
-- KEYS  1 a hash of what the caller used, 2 a sorted set of what is in progress
-- ARGV  1 "admit", "settle" or "renew", 2 the slot of the request,
--       3 for how many ms it counts as in progress, 4..6 cost in requests,
--       characters and tokens, 7..9 limits by the minute, 10 at once,
--       11..13 by the day, 14..16 by the month, 17 for how many ms what was
--       used is kept
-- Returns {what, wait}: what it ran into, or -1 and what is left of requests;
--       wait in ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local minute, day = 60000, 86400000
local slot, ttl = ARGV[2], tonumber(ARGV[3])

if ARGV[1] == 'renew' then
  redis.call('ZADD', KEYS[2], 'XX', now + ttl, slot)
  redis.call('PEXPIRE', KEYS[2], ttl * 2)
  return {-1, 0}
end

-- The number of the day, and of the month, since 1970 (after Howard Hinnant's
-- days_from_civil turned around).
local today = math.floor(now / day)
local z = today + 719468
local era = math.floor(z / 146097)
local doe = z - era * 146097
local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
local mp = math.floor((5 * doy + 2) / 153)
local dom = doy - math.floor((153 * mp + 2) / 5) -- from 0
local month = (yoe + era * 400) * 12 + mp
local length = math.floor((153 * (mp + 1) + 2) / 5) - math.floor((153 * mp + 2) / 5)
if mp == 11 then -- February
  local y = yoe + era * 400 + 1
  length = 28
  if y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0) then length = 29 end
end

local names = {'requests', 'chars', 'tokens', 'day', 'day_requests', 'day_chars', 'day_tokens',
  'month', 'month_requests', 'month_chars', 'month_tokens'}
local used = redis.call('HMGET', KEYS[1], unpack(names))
for i = 1, #names do used[i] = tonumber(used[i] or 0) end
if used[4] ~= today then used[4], used[5], used[6], used[7] = today, 0, 0, 0 end
if used[8] ~= month then used[8], used[9], used[10], used[11] = month, 0, 0, 0 end

if ARGV[1] == 'admit' then
  local atOnce = tonumber(ARGV[10])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if atOnce > 0 and redis.call('ZCARD', KEYS[2]) >= atOnce then return {3, 1000} end
  for i = 1, 3 do
    local limit, cost = tonumber(ARGV[6 + i]), tonumber(ARGV[3 + i])
    if i == 3 then cost = 1 end -- nobody knows yet; one must be left
    if limit > 0 then
      local wait = math.max(used[i], now) + math.min(cost, limit) * minute / limit - now - minute
      if wait > 0.001 then return {i - 1, math.ceil(wait)} end
    end
  end
  for p = 0, 1 do
    for i = 1, 3 do
      local limit, cost = tonumber(ARGV[10 + 3 * p + i]), tonumber(ARGV[3 + i])
      if i == 3 then cost = 1 end
      if limit > 0 and used[4 + 4 * p + i] + cost > limit then
        local ends = (today + 1) * day
        if p == 1 then ends = (today - dom + length) * day end
        return {4 + 3 * p + i - 1, ends - now}
      end
    end
  end
  redis.call('ZADD', KEYS[2], now + ttl, slot)
  redis.call('PEXPIRE', KEYS[2], ttl * 2)
else
  redis.call('ZREM', KEYS[2], slot)
end

local left = 0
for i = 1, 3 do
  local limit, cost = tonumber(ARGV[6 + i]), tonumber(ARGV[3 + i])
  if limit > 0 then
    used[i] = math.min(math.max(used[i], now) + cost * minute / limit, now + day)
    if i == 1 then left = math.max(0, math.floor(limit - (used[1] - now) * limit / minute + 0.001)) end
  end
  used[4 + i] = used[4 + i] + cost
  used[8 + i] = used[8 + i] + cost
end
local set = {}
for i = 1, #names do
  set[2 * i - 1] = names[i]
  set[2 * i] = string.format('%.17g', used[i])
end
redis.call('HSET', KEYS[1], unpack(set))
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[17]))
return {-1, left}
