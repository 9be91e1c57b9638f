--- Time: monotonic seconds for durations, UTC for names and stamps.
-- @module heaplab.clock

local time = require "posix.time"

local clock = {}

--- Seconds from an arbitrary start, never going back.
function clock.seconds()
  local now = time.clock_gettime(time.CLOCK_MONOTONIC)
  return now.tv_sec + now.tv_nsec / 1e9
end

--- Now as ISO 8601 in UTC: 2026-01-31T09:30:00Z.
function clock.iso()
  return os.date("!%Y-%m-%dT%H:%M:%SZ")
end

--- Now as a name that sorts by time: 20260131T093000Z.
function clock.stamp()
  return os.date("!%Y%m%dT%H%M%SZ")
end

--- A duration for people: 4.2 s, 3:07, 1:02:03.
function clock.duration(seconds)
  if seconds < 60 then return ("%.1f s"):format(seconds) end
  local whole = math.floor(seconds + 0.5)
  local hours, minutes = math.floor(whole / 3600), math.floor(whole / 60) % 60
  if hours > 0 then return ("%d:%02d:%02d"):format(hours, minutes, whole % 60) end
  return ("%d:%02d"):format(minutes, whole % 60)
end

return clock
