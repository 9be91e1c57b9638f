--- Ctrl-C and its kin: remembered, so that a run can finish what it holds and say so.
-- @module heaplab.interrupt

local signal = require "posix.signal"

local interrupt = {}

local received

local function remember(number)
  received = received or number
end

--- From now on SIGINT, SIGTERM and SIGHUP no longer end the program at once.
function interrupt.install()
  for _, name in ipairs { "SIGINT", "SIGTERM", "SIGHUP" } do
    signal.signal(signal[name], remember)
  end
end

--- Whether one of them has come.
function interrupt.requested()
  return received ~= nil
end

--- The exit code that says so: 130 after Ctrl-C.
function interrupt.exit_code()
  return 128 + (received or signal.SIGINT)
end

return interrupt
