--- Text that comes from outside, made safe to show.
--
-- Case keys, strategy names and library paths are whatever a user or a machine supplied. Pictures
-- and pages only take what is valid UTF-8 without control characters; HTML takes it escaped.
-- @module heaplab.text
local text = {}

local REPLACEMENT = "\239\191\189" -- U+FFFD

-- The well-formed sequences of Unicode's table 3-7, control characters left out.
local SEQUENCES = {
  "^[\32-\126]+",
  "^\194[\160-\191]",
  "^[\195-\223][\128-\191]",
  "^\224[\160-\191][\128-\191]",
  "^[\225-\236\238\239][\128-\191][\128-\191]",
  "^\237[\128-\159][\128-\191]",
  "^\240[\144-\191][\128-\191][\128-\191]",
  "^[\241-\243][\128-\191][\128-\191][\128-\191]",
  "^\244[\128-\143][\128-\191][\128-\191]",
}

local function sequence_end(s, at)
  for _, pattern in ipairs(SEQUENCES) do
    local _, last = s:find(pattern, at)
    if last then return last end
  end
end

--- A copy of a value's text in which each control character and each stray byte is U+FFFD.
-- @param value anything `tostring` takes
-- @treturn string valid UTF-8 on one line
function text.printable(value)
  local s, out, at = tostring(value), {}, 1
  while at <= #s do
    local last = sequence_end(s, at)
    out[#out + 1] = last and s:sub(at, last) or REPLACEMENT
    at = (last or at) + 1
  end
  return table.concat(out)
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["'"] = "&#39;" }

--- Text for HTML and XML, in an element or in a quoted attribute.
-- @param value anything `tostring` takes
-- @treturn string
function text.html(value)
  return (text.printable(value):gsub("[&<>\"']", ENTITIES))
end

--- A name for a file: letters, digits, `.`, `+`, `_` and `-` kept, everything else a `-`.
-- Two names that differ only in replaced characters would collide, so those get a checksum.
-- @param value anything `tostring` takes
-- @treturn string never empty, never `.` or `..`, at most 100 bytes
function text.filename(value)
  local s = tostring(value)
  local name = s:gsub("[^%w.+_-]", "-"):gsub("^%.", "-")
  if name == s and #s <= 100 and s ~= "" then return name end
  local sum = 5381
  for i = 1, #s do sum = (sum * 33 + s:byte(i)) % 2 ^ 32 end
  return ("%s-%08x"):format(name:sub(1, 90), sum)
end

return text
