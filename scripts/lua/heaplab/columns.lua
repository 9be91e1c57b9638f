--- Tables of text with aligned columns.
-- @module heaplab.columns

local columns = {}

-- Width on screen: the UTF-8 continuation bytes take none.
local function width(text)
  return #text:gsub("[\128-\191]", "")
end

local function pad(text, wanted, right)
  local blanks = (" "):rep(wanted - width(text))
  return right and blanks .. text or text .. blanks
end

--- Lays out rows.
-- @tparam {{string,...},...} rows the first is the header
-- @string alignment one letter per column: l or r
-- @string[opt=""] indent before each line
-- @treturn string lines, each with its newline, without blanks at their ends
function columns.format(rows, alignment, indent)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, text in ipairs(row) do widths[i] = math.max(widths[i] or 0, width(text)) end
  end
  for i, row in ipairs(rows) do
    local cells = {}
    for column, text in ipairs(row) do
      cells[column] = pad(text, widths[column], alignment:sub(column, column) == "r")
    end
    lines[i] = (indent or "") .. table.concat(cells, "  "):gsub("%s+$", "") .. "\n"
  end
  return table.concat(lines)
end

return columns
