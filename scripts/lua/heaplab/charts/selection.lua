--- Which strategies a chart draws. Tables have all of them.
-- @module heaplab.charts.selection
local selection = {}

--- Rivals: all but the null control, which repeats another row, and `nop`, an empty loop, which
-- would stretch every axis by a factor of ten.
-- @string strategy
-- @treturn boolean
function selection.rival(strategy)
  return strategy ~= "nop" and not strategy:find("^control:")
end

--- Few enough for lines that cross: rivals without the variants of a heap's options. The one
-- option that changes the code that runs, NO_SERIALIZE, is kept for the native engine.
-- @string strategy
-- @treturn boolean
function selection.line(strategy)
  local variant = strategy:find("^heap:.*%+") and strategy ~= "heap:native+no_serialize"
  return selection.rival(strategy) and not variant
end

return selection
