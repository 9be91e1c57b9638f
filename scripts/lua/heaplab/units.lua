--- Numbers as people read them: times, sizes and ratios with three significant digits.
-- @module heaplab.units
local units = {}

local TIMES = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "µs" }, { 1, "ns" } }
local SIZES = { { 2 ^ 30, "GiB" }, { 2 ^ 20, "MiB" }, { 2 ^ 10, "KiB" }, { 1, "B" } }

--- Three significant digits, without an exponent and without trailing zeros after the point.
-- @tparam number value
-- @treturn string
function units.number(value)
  if value == 0 then return "0" end
  local digits = math.max(0, 2 - math.floor(math.log10(math.abs(value))))
  local text = ("%." .. math.min(digits, 6) .. "f"):format(value)
  if text:find(".", 1, true) then text = text:gsub("0+$", ""):gsub("%.$", "") end
  return text
end

local function scaled(value, scale)
  for _, step in ipairs(scale) do
    -- 999.6 would round to "1000" of the smaller unit.
    if math.abs(value) >= step[1] * 0.9995 then
      return units.number(value / step[1]) .. " " .. step[2]
    end
  end
  return units.number(value) .. " " .. scale[#scale][2]
end

--- A time given in nanoseconds: `12.3 ns`, `4.56 µs`.
function units.time(nanoseconds)
  return scaled(nanoseconds, TIMES)
end

--- A size given in bytes: `64 B`, `4 KiB`.
function units.bytes(bytes)
  return scaled(bytes, SIZES)
end

--- A ratio to two decimals from 0.1 up, to two significant digits below: `0.66×`, `0.013×`.
function units.ratio(ratio)
  if ratio >= 100 then return ("%.0f×"):format(ratio) end
  if ratio >= 0.1 then return ("%.2f×"):format(ratio) end
  return units.number(tonumber(("%.2g"):format(ratio))) .. "×"
end

--- Any value of a sample by its unit.
function units.value(value, unit)
  if unit == "ns/op" then return units.time(value) end
  if unit == "bytes" then return units.bytes(value) end
  return units.number(value) .. (unit ~= "" and " " .. unit or "")
end

return units
