--- Proof of what ran: which malloc and which engine each measuring process had loaded.
--
-- The process reads path and build id of its own libraries into its results. A result whose proof
-- does not fit its strategy, or changes between two rounds, counts for nothing.
-- @module heaplab.proof

local stdlib = require "posix.stdlib"

local proof = {}

local FIELDS = { "malloc_path", "malloc_build_id", "engine", "engine_path", "engine_build_id", "vm",
  "vm_path" }

--- The proof in a result's context, as run.json holds it.
function proof.of(context)
  local found = {}
  for _, field in ipairs(FIELDS) do found[field] = context["heaplab_" .. field] end
  return found
end

local function same_file(a, b)
  return a ~= nil and b ~= nil and (stdlib.realpath(a) or a) == (stdlib.realpath(b) or b)
end

local function is_libc(path)
  return path ~= nil and path:match("/libc[.-][^/]*$") ~= nil
end

local function wrong_malloc(entry, found)
  if entry.preload then
    if same_file(entry.preload, found.malloc_path) then return nil end
    return ("malloc came from %s, not from %s"):format(found.malloc_path or "nowhere",
      entry.preload)
  end
  if is_libc(found.malloc_path) then return nil end
  return ("malloc came from %s, not from the C library"):format(found.malloc_path or "nowhere")
end

local function wrong_engine(entry, found)
  if not entry.engine or same_file(entry.engine, found.engine_path) then return nil end
  return ("the engine came from %s, not from %s"):format(found.engine_path or "nowhere",
    entry.engine)
end

local function wrong_identity(entry, context)
  for field, expected in pairs { caller = entry.caller.kind, strategy = entry.child_name } do
    local actual = context["heaplab_" .. field]
    if actual ~= expected then
      return ("the process says its %s is %s, not %s"):format(field, tostring(actual), expected)
    end
  end
end

local function changed(earlier, found)
  for _, field in ipairs(earlier and FIELDS or {}) do
    if earlier[field] ~= found[field] then
      return ("%s changed during the run from %s to %s"):format(field, tostring(earlier[field]),
        tostring(found[field]))
    end
  end
end

--- What is wrong with a process's proof, or nil.
-- @tparam table entry of the selection: `caller`, `child_name`, `engine`, `preload`
-- @tparam table context of the process's JSON
-- @tparam[opt] table earlier the proof of the same entry in an earlier process
function proof.wrong(entry, context, earlier)
  local found = proof.of(context)
  return wrong_identity(entry, context) or wrong_malloc(entry, found)
    or wrong_engine(entry, found) or changed(earlier, found)
end

return proof
