--- Ctrl-C and its kin: remembered, so that a run can finish what it holds and say so.
-- @module heaplab.interrupt

local bit = require "bit"
local signal = require "posix.signal"

local files = require "heaplab.files"

local interrupt = {}

local received

local function remember(number)
  received = received or number
end

--- Lets Ctrl-C end the program at once, as the system does it: LuaJIT's own handler would raise an
-- error wherever the program happens to be.
function interrupt.default()
  signal.signal(signal.SIGINT, signal.SIG_DFL)
end

-- Whether this program was started to ignore a signal, as nohup has it ignore SIGHUP.
local function is_ignored(number)
  local mask = (files.read("/proc/self/status") or ""):match("\nSigIgn:%s*(%x+)")
  return mask ~= nil and bit.band(tonumber(mask:sub(-8), 16), bit.lshift(1, number - 1)) ~= 0
end

--- From now on SIGINT, SIGTERM and SIGHUP no longer end the program at once; one that was ignored
-- stays so.
function interrupt.install()
  for _, name in ipairs { "SIGINT", "SIGTERM", "SIGHUP" } do
    local number = signal[name]
    if not is_ignored(number) then signal.signal(number, remember) end
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
