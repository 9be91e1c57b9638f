--- Errors that a person can mend: raised anywhere, printed once by main.lua as `heaplab: message`.
-- @module heaplab.fail

local fail = {}

local Failure = {}
Failure.__index = Failure
Failure.__tostring = function(self) return self.message end

--- Raises an error that ends the program with one line on stderr and exit code 1.
-- @string format what is wrong and how to mend it, for string.format
-- @param ... arguments of the format
function fail.usage(format, ...)
  local message = select("#", ...) > 0 and format:format(...) or format
  error(setmetatable({ message = message }, Failure), 0)
end

--- The message of an error raised by @{usage}; nil for any other error.
function fail.message(err)
  return getmetatable(err) == Failure and err.message or nil
end

--- Passes values through, or raises @{usage} with the second when the first is nil or false.
-- For functions that return nil and a message whose text already says what to do.
function fail.unless(value, message, ...)
  if not value then fail.usage("%s", tostring(message)) end
  return value, message, ...
end

return fail
