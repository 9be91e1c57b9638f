--- A gnuplot SVG made part of a page: its ids its own, its ink the page's, its ballast gone.
-- @module heaplab.report.svg
local palette = require "heaplab.palette"
local text = require "heaplab.text"

local svg = {}

local MUTED = palette.MUTED:lower()

local function hex(red, green, blue)
  return ("#%02x%02x%02x"):format(tonumber(red), tonumber(green), tonumber(blue))
end

-- Black is the page's text colour, which a dark page makes light. Grey text likewise, paler.
local function ink(name, color)
  color = color:gsub("rgb%(%s*(%d+),%s*(%d+),%s*(%d+)%)", hex):lower()
  if color == "black" or color == "#000000" then return name .. '="currentColor"' end
  if color == MUTED then return ('%s="currentColor" %s-opacity=".7"'):format(name, name) end
  return ('%s="%s"'):format(name, color)
end

-- What gnuplot writes into every element although it is the default, or the page's business.
local DEFAULTS = { '%s*stroke%-linecap="butt"', '%s*stroke%-linejoin="miter"',
  '%s*font%-family="[^"]*"', '%s*color="black"', '%s*stroke%-width="1%.00"' }

local function number(digits)
  return (("%.1f"):format(tonumber(digits)):gsub("%.0$", ""))
end

-- One tag, without its angle brackets. Text between tags is never touched.
local function tag(body, prefix, used)
  if body:find("^g ") and body:find('id="gnuplot_') then return "g" end
  body = body:gsub("'", '"')
  for _, pattern in ipairs(DEFAULTS) do body = body:gsub(pattern, "") end
  body = body:gsub('(%l+)="(black)"', ink):gsub('(%l+)="(rgb%([^)]*%))"', ink)
  body = body:gsub('%f[%w]id="([^"]+)"', function(id) return ('id="%s%s"'):format(prefix, id) end)
  body = body:gsub('xlink:href="#([^"]+)"', function(id)
    used[id] = true
    return ('href="#%s%s"'):format(prefix, id)
  end)
  body = body:gsub("%d+%.%d%d+", number)
  return (body:gsub("%s+", " "):gsub(" $", ""):gsub(" /$", "/"))
end

-- Points refer to other points, so what is used is known only after several looks.
local function without_unused(defs, prefix, used)
  local kept, count
  repeat
    count, kept = 0, {}
    for element in defs:gmatch("<%l+[^<>]-/>") do
      local id = element:match('id="' .. prefix:gsub("%-", "%%-") .. '(.-)"')
      if used[id] then
        kept[#kept + 1] = element
        local other = element:match('href="#' .. prefix:gsub("%-", "%%-") .. '(.-)"')
        if other and not used[other] then
          used[other] = true
          count = count + 1
        end
      end
    end
  until count == 0
  return "<defs>" .. table.concat(kept) .. "</defs>"
end

local function body_of(source)
  local body = source:match("<svg[^>]*>(.*)</svg>")
  body = body:gsub("<title>.-</title>", ""):gsub("<desc>.-</desc>", "")
  body = body:gsub('<rect x="0" y="0"[^>]*/>', "", 1) -- the white background
  return body
end

local function without_empty_groups(body)
  local count
  repeat body, count = body:gsub("<g[^<>]*>%s*</g>", "") until count == 0
  return body
end

--- A chart's SVG as an element of a page.
-- @string source the whole file that gnuplot wrote
-- @string prefix put before each id; letters, digits and `-`, different for each chart of a page
-- @string title what the picture says, for those who do not see it
-- @treturn string
function svg.inline(source, prefix, title)
  local width, height = source:match('viewBox="0 0 (%d+) (%d+)"')
  local used = {}
  local defs, drawing = body_of(source):match("<defs>(.-)</defs>(.*)")
  local function shorten(inner) return "<" .. tag(inner, prefix, {}) .. ">" end
  drawing = drawing:gsub("<([^<>]*)>", function(inner)
    return "<" .. tag(inner, prefix, used) .. ">"
  end)
  defs = without_unused(defs:gsub("<([^<>]*)>", shorten), prefix, used)
  drawing = without_empty_groups(drawing:gsub(">%s+<", "><"))
  return ('<svg role="img" aria-label="%s" viewBox="0 0 %s %s">%s<g>%s</svg>'):format(
    text.html(title), width, height, defs, drawing)
end

return svg
