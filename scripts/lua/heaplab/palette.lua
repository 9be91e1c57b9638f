--- One look per strategy, the same in every chart.
--
-- The colours are Okabe and Ito's, chosen so that people with any colour vision tell them apart;
-- yellow and black are left out, since one vanishes on white and the other on a dark page. Seven
-- colours do not name thirty strategies, so a colour says where the memory comes from and the
-- point and dash say how it is asked for and released.
-- @module heaplab.palette
local palette = {}

local ORANGE, SKY, GREEN = "#e69f00", "#56b4e9", "#009e73"
local BLUE, VERMILLION, PURPLE, GREY = "#0072b2", "#d55e00", "#cc79a7", "#888888"

-- With transparency, so that they suit a white and a dark page.
palette.GRID = "#98808080"
palette.MUTED = "#666666"

-- gnuplot's point types: 5 square, 7 circle, 9 triangle up, 11 triangle down, 13 diamond, each
-- filled, with the open form one below.
local SQUARE, CIRCLE, UP, DOWN, DIAMOND = 5, 7, 9, 11, 13

local STYLES = {
  ["heap:native"] = { BLUE, CIRCLE },
  ["heap:malloc"] = { ORANGE, CIRCLE },
  ["heap:mimalloc"] = { GREEN, CIRCLE },
  ["heap:jemalloc"] = { VERMILLION, CIRCLE },
  ["malloc:glibc"] = { ORANGE, SQUARE, 2 },
  ["malloc:mimalloc"] = { GREEN, SQUARE, 2 },
  ["malloc:jemalloc"] = { VERMILLION, SQUARE, 2 },
  ["malloc:tcmalloc"] = { PURPLE, SQUARE, 2 },
  ["mi_heap:direct"] = { GREEN, DIAMOND, 4 },
  ["ffi.gc:malloc"] = { ORANGE, SQUARE, 2 },
  ["ffi.gc:calloc"] = { PURPLE, SQUARE, 2 },
  ["ffi.gc:heap"] = { SKY, SQUARE, 2 },
  ["ffi.gc:malloc+step"] = { ORANGE, SQUARE - 1, 3 },
  ["ffi.new"] = { GREEN, DIAMOND, 4 },
  ["pool:malloc"] = { PURPLE, UP, 4 },
  ["userdata:malloc"] = { VERMILLION, DOWN, 4 },
  ["userdata:inline"] = { SKY, DOWN, 4 },
  floor = { GREY, UP, 3 },
  nop = { GREY, DOWN, 3 },
}

-- The options of a heap keep its colour and change the point.
local OPTIONS = { no_serialize = CIRCLE - 1, zero_memory = UP - 1, max = SQUARE - 1,
  keep = DOWN, ["return"] = DOWN - 1 }

local STRANGERS = { SKY, PURPLE, GREEN, VERMILLION, ORANGE, BLUE }

-- A strategy that the user brought: always the same look, chosen by its name.
local function stranger(name)
  local sum = 0
  for i = 1, #name do sum = (sum * 31 + name:byte(i)) % 65521 end
  return { STRANGERS[sum % #STRANGERS + 1], DIAMOND - 1, 5 }
end

local function metatype(name)
  local engine = STYLES["heap:" .. (name:match("^metatype:(.+)") or "")]
  return engine and { engine[1] == BLUE and SKY or engine[1], UP, 5 }
end

local function optioned(name)
  local base, option = name:match("^(.-)%+(.+)$")
  local style = base and (STYLES[base] or stranger(base))
  return style and OPTIONS[option] and { style[1], OPTIONS[option], 3 }
end

--- How a strategy looks: `color` (#rrggbb), `point` and `dash` (gnuplot's pt and dt).
-- @tparam string strategy
-- @treturn table
function palette.style(strategy)
  local name = strategy:gsub("^control:", "")
  local found = STYLES[name] or metatype(name) or optioned(name) or stranger(name)
  return { color = found[1], point = found[2], dash = found[3] or 1 }
end

return palette
