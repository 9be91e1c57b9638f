--- JSON for people and for diff: keys sorted, one element per line.
-- @module heaplab.json

local cjson = require "cjson"

local tsv = require "heaplab.tsv"

local json = {}

--- Marks a table as an array, so that an empty one is written [].
json.array_type = {}

--- An array that is written [] when it is empty.
function json.array(values)
  return setmetatable(values or {}, json.array_type)
end

local function is_array(value)
  return #value > 0 or getmetatable(value) == json.array_type
end

local function scalar(value)
  if type(value) == "number" and (value ~= value or math.abs(value) == math.huge) then
    return "null"
  end
  if type(value) == "number" and value % 1 == 0 and math.abs(value) < 2 ^ 53 then
    return ("%d"):format(value)
  end
  if type(value) == "number" then return tsv.number(value) end
  return (cjson.encode(value):gsub("\\/", "/"))
end

local write

local function block(open, close, parts, indent)
  if #parts == 0 then return open .. close end
  local inner = "\n" .. indent .. "  "
  return open .. inner .. table.concat(parts, "," .. inner) .. "\n" .. indent .. close
end

local function write_array(value, indent)
  local parts = {}
  for i, element in ipairs(value) do parts[i] = write(element, indent .. "  ") end
  return block("[", "]", parts, indent)
end

local function write_object(value, indent)
  local names, parts = {}, {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = scalar(name) .. ": " .. write(value[name], indent .. "  ")
  end
  return block("{", "}", parts, indent)
end

function write(value, indent)
  if type(value) ~= "table" then return scalar(value) end
  return is_array(value) and write_array(value, indent) or write_object(value, indent)
end

--- The JSON text of a value, indented. Numbers that JSON does not have become null.
-- @param value tables (arrays: those with elements, or made by @{array}), strings, numbers,
-- booleans, cjson.null
function json.pretty(value)
  return write(value, "")
end

return json
