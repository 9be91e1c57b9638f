-- Strings, tables, sorting, closures, coroutines and collections: whatever makes a VM allocate.

local function checksum(text)
    local sum = 0
    for i = 1, #text do
        sum = (sum * 31 + text:byte(i)) % 4294967296
    end
    return sum
end

local state = 1
local function random(limit)
    state = (state * 16807) % 2147483647
    return state % limit
end

local records = {}
for i = 1, 60000 do
    records[i] = { key = ("%08x-%d"):format(random(2 ^ 31), i), list = { i, i + 1 } }
end
table.sort(records, function(a, b)
    return a.key < b.key
end)

local words, long = {}, ""
for i = 1, #records, 7 do
    words[#words + 1] = records[i].key:gsub("%d", "<%0>"):rep(1 + i % 5)
    long = i % 700 == 1 and long .. words[#words] or long
end
print(checksum(table.concat(words, "\n")), #long, checksum(long))

local function tree(depth)
    return depth == 0 and {} or { tree(depth - 1), tree(depth - 1) }
end
local function size(node)
    return node[1] and 1 + size(node[1]) + size(node[2]) or 1
end
for depth = 4, 16, 4 do
    print(depth, size(tree(depth)))
end

local producers, total = {}, 0
for i = 1, 3000 do
    producers[i] = coroutine.wrap(function()
        for step = 1, 5 do
            coroutine.yield(("y"):rep(step * i % 511))
        end
    end)
end
for _ = 1, 5 do
    for _, producer in ipairs(producers) do
        total = total + #producer()
    end
end
print(total)

local file = assert(io.open("lines", "w"))
for _, record in ipairs(records) do
    file:write(record.key, "\n")
end
file:close()
local count = 0
for line in io.lines "lines" do
    count = count + #line
end
collectgarbage()
print(count, #records, checksum(("z"):rep(3000000)))
