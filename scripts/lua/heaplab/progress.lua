--- Progress on stderr: one line redrawn on a terminal, otherwise one line per finished round.
-- @module heaplab.progress

local unistd = require "posix.unistd"

local clock = require "heaplab.clock"

local progress = {}
progress.__index = progress

local BAR = 24

--- A display for a known number of steps.
-- @tparam table options `steps` (in all), `noun` (what a step is, in the plural), `rounds` (or nil:
-- not divided into rounds), `out` (file, default stderr), `terminal` (default: whether stderr is
-- one)
function progress.new(options)
  local terminal = options.terminal
  if terminal == nil then terminal = unistd.isatty(unistd.STDERR_FILENO) == 1 end
  return setmetatable({
    rounds = options.rounds, steps = options.steps, noun = options.noun, done = 0, round = 1,
    out = options.out or io.stderr, terminal = terminal, began = clock.seconds(),
  }, progress)
end

--- Seconds still to go, from the pace so far; nil before the first step.
function progress:eta()
  if self.done == 0 then return nil end
  return (clock.seconds() - self.began) / self.done * (self.steps - self.done)
end

function progress:status()
  local eta, round = self:eta(), ""
  if self.rounds then round = ("round %d/%d, "):format(self.round, self.rounds) end
  return ("%s%d of %d %s, ETA %s"):format(round, self.done, self.steps, self.noun,
    eta and clock.duration(eta) or "-")
end

--- Redraws the line of a terminal; nothing elsewhere.
function progress:draw()
  if not self.terminal then return end
  local filled = math.floor(BAR * self.done / self.steps)
  self.out:write(("\r\27[K[%s%s] %s"):format(("#"):rep(filled), (" "):rep(BAR - filled),
    self:status()))
  self.out:flush()
end

--- So many steps are done.
function progress:reach(done)
  self.done = done
  self:draw()
end

--- One more step is done.
function progress:step()
  self:reach(self.done + 1)
end

--- A round is done.
function progress:finish_round(round)
  if not self.terminal then self.out:write(self:status(), "\n") end
  self.round = math.min(round + 1, self.rounds)
end

--- Prints a line of its own, above the bar if there is one.
function progress:say(format, ...)
  self.out:write(self.terminal and "\r\27[K" or "", format:format(...), "\n")
  self:draw()
end

--- Takes the bar away.
function progress:close()
  if self.terminal then self.out:write("\r\27[K") end
  self.out:flush()
end

return progress
