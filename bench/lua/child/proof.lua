-- Proof of which heap engine served a run, read inside the measuring process.

local proof = {}

-- The file that is mapped here and whose name ends so, links resolved; nil if there is none.
local function mapped_file(ending)
    for line in io.lines("/proc/self/maps") do
        local path = line:match("%s(/.*)$")
        if path and path:sub(-#ending) == ending then
            return path
        end
    end
    return nil
end

--- The context entries that name an engine.
-- @string engine what its winheap_engine() says: "NAME VERSION BUILDID"
-- @tparam ?string path where it was loaded from, if the caller chose
-- @treturn table context key -> value
function proof.of(engine, path)
    local name, _, build_id = engine:match("^(%S+) (%S+) (%S+)$")
    local file = path and path:match("[^/]+$") or ("libwinheap-%s.so"):format(name)
    -- A link to the library has another name than what is mapped: then what was asked for stands.
    return {
        heaplab_engine = engine,
        heaplab_engine_path = mapped_file("/" .. file) or path or "",
        heaplab_engine_build_id = build_id or "",
    }
end

return proof
