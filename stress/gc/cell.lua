-- One blob of the harness with what is known of it: its group (the heap it came from), its stamp
-- and its size. Each payload repeats its own stamp over all bytes, so that another blob's bytes, or
-- none, are noticed.
local api = require "gc.api"
local vm = require "gc.vm"

local cell = {}

local BUSY = 170 -- the code of a blob that a finalizer finds in use
local last_stamp = 0

local function payload(stamp, size)
    local unit = ("%08x"):format(stamp)
    return unit:rep(math.ceil(size / #unit)):sub(1, size)
end

local function stamp(self)
    last_stamp = last_stamp + 1
    self.stamp = last_stamp
    self.blob:Copy(payload(self.stamp, self.size))
end

-- Whether the blob should be alive. One that died with what held it and was brought back by a
-- finalizer may be finalized all the same: Lua 5.4 does so, in the same cycle.
function cell.is_live(self)
    return not self.freed and not self.group.destroyed
        and (not self.resurrected or self.blob:IsValid())
end

-- A cell around a new blob.
function cell.new(group, blob, size)
    local self = { group = group, blob = blob, size = size }
    stamp(self)
    return self
end

local function problem_of(self)
    local blob = self.blob
    if not blob:IsValid() then
        return "a reachable blob is dead"
    elseif blob:Size() ~= self.size then
        return ("a blob of %d bytes says it has %d"):format(self.size, blob:Size())
    elseif blob:ToString() ~= payload(self.stamp, self.size) then
        return ("a payload of %d bytes has changed"):format(self.size)
    end
end

local function problem_of_dead(blob)
    if blob:IsValid() then
        return "a dead blob says it is valid"
    elseif vm.pcall(blob.Size, blob) then
        return "a dead blob has a size"
    elseif blob:Free() ~= true then
        return "a second Free says that it failed"
    end
end

-- Checks everything that is known of the blob. Returns what is wrong, or nil.
-- A finalizer may free the blob or destroy its heap at any moment: only what is wrong before and
-- after is.
function cell.problem(self)
    if not cell.is_live(self) then
        return problem_of_dead(self.blob)
    end
    local fine, problem = vm.pcall(problem_of, self)
    if not cell.is_live(self) then
        return problem_of_dead(self.blob)
    elseif not fine then
        return "a reachable blob raises: " .. problem
    end
    return problem
end

local function kept_part(self, size)
    local kept = math.min(size, self.size)
    if self.blob:ToString(0, kept) ~= payload(self.stamp, kept) then
        return ("ReAlloc from %d to %d bytes lost contents"):format(self.size, size)
    end
end

local function new_part(self, size, zeroed)
    local added = size - self.size
    if zeroed and added > 0 and self.blob:ToString(self.size) ~= ("\0"):rep(added) then
        return ("ReAlloc from %d to %d bytes did not zero"):format(self.size, size)
    end
end

-- Resizes the blob and checks what became of its bytes. Returns what is wrong, or nil.
function cell.resize(self, size, flags, zeroed)
    local fine, done, message, code = vm.pcall(api.realloc, self.blob, size, flags)
    if not cell.is_live(self) then
        return nil
    elseif not fine and not self.group.raising then
        return "ReAlloc raised: " .. tostring(done)
    elseif not fine or not done then
        local allowed = self.group.fixed or flags ~= 0 or code == BUSY or self.group.raising
        return not allowed and "ReAlloc failed: " .. tostring(message) or cell.problem(self)
    end
    local _, problem = vm.pcall(function()
        local wrong = kept_part(self, size) or new_part(self, size, zeroed)
        self.size = size
        stamp(self)
        return wrong
    end)
    return cell.is_live(self) and problem or nil
end

return cell
