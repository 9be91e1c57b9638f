--- Tab-separated values: a header line, then one line per record.
-- Backslash, tab, newline and carriage return in a field are written \\ \t \n \r.
-- @module heaplab.tsv

local tsv = {}

local escapes = { ["\\"] = "\\\\", ["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r" }
local unescapes = { ["\\"] = "\\", t = "\t", n = "\n", r = "\r" }

--- The shortest decimal text that reads back as the same number.
function tsv.number(value)
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then return text end
  end
  return tostring(value)
end

local function field(value)
  if type(value) == "number" then return tsv.number(value) end
  return (tostring(value):gsub("[\\\t\n\r]", escapes))
end

--- One line, newline included.
-- @param values array of strings and numbers
function tsv.line(values)
  local fields = {}
  for i = 1, #values do fields[i] = field(values[i]) end
  return table.concat(fields, "\t") .. "\n"
end

local function split(line)
  local fields = {}
  for text in (line .. "\t"):gmatch("([^\t]*)\t") do
    fields[#fields + 1] = (text:gsub("\\(.)", unescapes))
  end
  return fields
end

local function record(names, line, number)
  local fields = split(line)
  if #fields ~= #names then
    return nil, ("line %d has %d fields, the header %d"):format(number, #fields, #names)
  end
  local values = {}
  for i, name in ipairs(names) do values[name] = fields[i] end
  return values
end

--- Reads a table with a header line.
-- @string text
-- @return array of records (header name -> string) and array of header names, or nil and a message
function tsv.parse(text)
  local names, records, number = nil, {}, 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    if not names then
      names = split(line)
    else
      local values, err = record(names, line, number)
      if not values then return nil, err end
      records[#records + 1] = values
    end
  end
  if not names then return nil, "no header line" end
  return records, names
end

return tsv
