-- Writes plain values as JSON; enough for the report of a run.
local json = {}

local function text(value)
    return '"' .. value:gsub('[%c"\\]', function(character)
        return ("\\u%04x"):format(character:byte())
    end) .. '"'
end

local function number(value)
    return value % 1 == 0 and ("%.0f"):format(value) or ("%.6g"):format(value)
end

local function object(value)
    local fields = {}
    for key, field in pairs(value) do
        fields[#fields + 1] = text(key) .. ":" .. json.encode(field)
    end
    table.sort(fields)
    return "{" .. table.concat(fields, ",") .. "}"
end

-- A list is a table made by json.list, or any with a first element.
local list_mark = {}

function json.list()
    return setmetatable({}, list_mark)
end

local function list(value)
    local items = {}
    for i, item in ipairs(value) do
        items[i] = json.encode(item)
    end
    return "[" .. table.concat(items, ",") .. "]"
end

function json.encode(value)
    if type(value) == "table" then
        return (getmetatable(value) == list_mark and list or object)(value)
    end
    return type(value) == "string" and text(value) or number(value)
end

return json
