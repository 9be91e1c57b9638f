-- realloc: grow a blob from 64 bytes by half its size until it has `size` bytes, release it, begin
-- again. One operation is one growth; contents move along.
--
-- Stresses the path that resizes in place or copies, and a handle that changes its memory. It does
-- not say how often a real program grows where something stands behind: here the neighbourhood is
-- quiet, which favours growth in place.
--
-- Parameters: size in bytes, where the growth ends; touch=none|page|all of the bytes after each
-- growth. A strategy that can release by hand does so after the last growth, others drop the blob.
local FIRST = 64

local function growth(last)
    local sizes = { FIRST }
    while sizes[#sizes] < last do
        table.insert(sizes, math.min(last, math.floor(sizes[#sizes] * 1.5)))
    end
    return sizes
end

return {
    needs = "realloc",
    operations = { { 1024, 210000 }, { 65536, 54000 }, { 1048576, 5000 } },
    unit = function(last) return #growth(last) - 1 end,
    locals = function(last) return { sizes = growth(last), count = #growth(last) } end,
    loop = [[
        for _ = 1, operations / (count - 1) do
            local size = sizes[1]
            $alloc
            slot[1] = blob
            $touch
            for step = 2, count do
                local previous = size
                size = sizes[step]
                $realloc
                slot[1] = blob
                $touch
            end
            $free
        end
        slot[1] = nil
    ]],
}
