--- Case keys: CALLER/WORKLOAD/strategy=STRATEGY/name=value/...
-- @module heaplab.key

local key = {}

--- The key of a case.
-- @string params `name=value/name=value`, may be empty
function key.case(caller, workload, strategy, params)
  local head = ("%s/%s/strategy=%s"):format(caller, workload, strategy)
  return params == "" and head or head .. "/" .. params
end

--- The key without caller and strategy, as the benchmark programs take it.
function key.bench(workload, params)
  return params == "" and workload or workload .. "/" .. params
end

--- Splits a case key.
-- @treturn table `caller`, `workload`, `strategy`, `params`; or nil when it is none
function key.parse(text)
  local caller, workload, rest = text:match("^([^/]+)/([^/]+)/strategy=(.+)$")
  if not caller then return nil end
  local strategy, params = rest:match("^([^/]+)/(.+)$")
  return { caller = caller, workload = workload, strategy = strategy or rest,
    params = params or "" }
end

local function pieces(text)
  local parts = {}
  for word, digits in text:gmatch("([^%d]*)(%d*)") do
    parts[#parts + 1] = word
    parts[#parts + 1] = digits ~= "" and ("%020d"):format(tonumber(digits)) or ""
  end
  return table.concat(parts, "\1")
end

--- A text that sorts keys with their numbers by size: size=64 before size=1024.
key.sortable = pieces

--- Sorts an array in place by the sortable form of what `text_of` returns for each element.
function key.sort(array, text_of)
  local forms = {}
  for _, element in ipairs(array) do forms[element] = pieces(text_of(element)) end
  table.sort(array, function(a, b) return forms[a] < forms[b] end)
  return array
end

return key
