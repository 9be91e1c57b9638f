-- The heaps and blobs of one run, and the operations on them.
--
-- Blobs are held in every way a program can hold them: in a table, in a weak table, by a suspended
-- coroutine, by an object whose finalizer checks and resurrects them. Heaps are dropped before,
-- with and after their blobs, or destroyed under them; finalizers free blobs that are in use.
local api = require "gc.api"
local cell = require "gc.cell"
local vm = require "gc.vm"
local winheap = require "winheap"

local MAX_GROUPS, MAX_CELLS, MAX_DEAD, MAX_SLEEPERS = 8, 400, 50, 20
local NOT_ENOUGH_MEMORY = winheap.ERROR_NOT_ENOUGH_MEMORY

local world = {}
world.__index = world

function world.new(random)
    return setmetatable({
        random = random,
        groups = {}, -- heaps that the program holds
        cells = {}, -- blobs that it holds; some are dead, their heap destroyed or freed by others
        dead = {}, -- blobs that must stay dead
        weak = setmetatable({}, { __mode = "v" }),
        sleepers = {}, -- coroutines, each with a blob in a local
    }, world)
end

-- What went wrong in a finalizer, which cannot raise.
function world:fail(what)
    self.failure = self.failure or what
end

local function pick(self, list)
    if #list > 0 then
        local i = self.random(1, #list)
        return list[i], i
    end
end

local function remove(list, i)
    local item = list[i]
    list[i] = list[#list]
    list[#list] = nil
    return item
end

local function random_size(self)
    local random = self.random
    local kind = random(1, 100)
    if kind <= 70 then
        return random(0, 300)
    elseif kind <= 95 then
        return random(0, 10000)
    end
    return random(0, 300000)
end

local SETTINGS = {
    winheap.HEAP_NO_SERIALIZE, winheap.HEAP_ZERO_MEMORY, winheap.HEAP_GENERATE_EXCEPTIONS,
    winheap.HEAP_CREATE_ALIGN_16,
}

local function random_group(self)
    local random = self.random
    local options, chosen = 0, {}
    for _, setting in ipairs(SETTINGS) do
        if random(1, 4) == 1 then
            options = options + setting
            chosen[setting] = true
        end
    end
    local fixed = random(1, 4) == 1
    local maximum = fixed and random(65536, 1048576) or 0
    local initial = random(1, 3) == 1 and random(0, 65536) or 0
    local heap = assert(winheap.CreateHeap(initial, maximum, options))
    return {
        heap = heap, fixed = fixed, zero = chosen[winheap.HEAP_ZERO_MEMORY],
        raising = chosen[winheap.HEAP_GENERATE_EXCEPTIONS],
    }
end

local function group_of(self)
    if #self.groups < MAX_GROUPS and self.random(1, 20) == 1 or #self.groups == 0 then
        self.groups[#self.groups + 1] = random_group(self)
    end
    return (pick(self, self.groups))
end

local function alloc_problem(group, fine, blob, code)
    if blob and fine then
        return nil
    elseif group.raising and not fine and group.fixed then
        return nil
    elseif fine and group.fixed and code == NOT_ENOUGH_MEMORY then
        return nil
    end
    return "Alloc failed: " .. tostring(blob) .. " " .. tostring(code)
end

-- A new cell; or nil and what is wrong, if anything is (a full heap is not).
local function new_cell(self)
    local group, size = group_of(self), random_size(self)
    local zero = self.random(1, 8) == 1
    local flags = zero and winheap.HEAP_ZERO_MEMORY or 0
    local fine, blob, _, code = vm.pcall(api.alloc, group.heap, size, flags)
    if not (fine and blob) then
        return nil, not group.destroyed and alloc_problem(group, fine, blob, code) or nil
    elseif not group.destroyed then
        if (zero or group.zero) and blob:ToString() ~= ("\0"):rep(size) then
            return nil, ("Alloc of %d bytes did not zero"):format(size)
        end
        return cell.new(group, blob, size)
    end
end

local function keep(self, item)
    if #self.cells >= MAX_CELLS then
        remove(self.cells, self.random(1, #self.cells))
    end
    self.cells[#self.cells + 1] = item
end

local operations = {}

function operations.alloc(self)
    local item, problem = new_cell(self)
    if item then
        keep(self, item)
    end
    return problem
end

-- Allocated and dropped at once.
function operations.litter(self)
    for _ = 1, self.random(1, 30) do
        local _, problem = new_cell(self)
        if problem then
            return problem
        end
    end
end

function operations.check(self)
    local item = pick(self, self.cells)
    return item and cell.problem(item)
end

function operations.realloc(self)
    local item = pick(self, self.cells)
    if not item or not cell.is_live(item) then
        return nil
    end
    local zero = self.random(1, 4) == 1
    local flags = zero and winheap.HEAP_ZERO_MEMORY or 0
    if self.random(1, 5) == 1 then
        flags = flags + winheap.HEAP_REALLOC_IN_PLACE_ONLY
    end
    return cell.resize(item, random_size(self), flags, zero or item.group.zero)
end

function operations.free(self)
    local item, i = pick(self, self.cells)
    if not item then
        return nil
    end
    local problem = cell.problem(item)
    remove(self.cells, i)
    item.freed = true
    if api.free(item.blob) ~= true then
        return "Free failed"
    elseif #self.dead >= MAX_DEAD then
        remove(self.dead, self.random(1, MAX_DEAD))
    end
    self.dead[#self.dead + 1] = item
    return problem
end

function operations.touch_dead(self)
    local item = pick(self, self.dead)
    return item and cell.problem(item)
end

function operations.drop(self)
    for _ = 1, self.random(1, 20) do
        if #self.cells > 0 then
            remove(self.cells, self.random(1, #self.cells))
        end
    end
end

-- The heap's last variable goes; its blobs stay.
function operations.drop_heap(self)
    if #self.groups > 0 then
        local group = remove(self.groups, self.random(1, #self.groups))
        group.heap = nil
    end
end

function operations.drop_heap_and_blobs(self)
    if #self.groups > 0 then
        local group = remove(self.groups, self.random(1, #self.groups))
        for i = #self.cells, 1, -1 do
            if self.cells[i].group == group then
                remove(self.cells, i)
            end
        end
        group.heap = nil
    end
end

function operations.destroy(self)
    if #self.groups > 0 then
        local group = remove(self.groups, self.random(1, #self.groups))
        group.destroyed = true
        return api.destroy(group.heap) ~= true and "Destroy failed" or nil
    end
end

-- A heap that the program has dropped is found again by its blobs.
function operations.find_heap(self)
    local item = pick(self, self.cells)
    if item and cell.is_live(item) then
        local fine, same = vm.pcall(function()
            local heap = item.blob.Heap
            return heap == item.blob.Heap and heap:IsValid()
                and (item.group.heap == nil or item.group.heap == heap)
        end)
        return cell.is_live(item) and not (fine and same) and "a blob has lost its heap" or nil
    end
end

function operations.hold_weakly(self)
    local item, i = pick(self, self.cells)
    if item then
        remove(self.cells, i)
        self.weak[self.random(1, 50)] = item
    end
    local other = self.weak[self.random(1, 50)]
    return other and cell.problem(other)
end

local function new_sleeper(item)
    return coroutine.wrap(function()
        while true do
            coroutine.yield(cell.problem(item))
        end
    end)
end

function operations.sleep(self)
    if #self.sleepers >= MAX_SLEEPERS then
        return nil
    end
    local item, problem = new_cell(self)
    if item then
        local sleeper = new_sleeper(item)
        self.sleepers[#self.sleepers + 1] = sleeper
        problem = sleeper()
    end
    return problem
end

function operations.wake(self)
    local sleeper, i = pick(self, self.sleepers)
    if sleeper then
        local problem = sleeper()
        if self.random(1, 3) == 1 then
            remove(self.sleepers, i)
        end
        return problem
    end
end

-- The blob dies with an object whose finalizer checks it, and lives on now and then.
function operations.resurrect(self)
    local item, i = pick(self, self.cells)
    if item then
        remove(self.cells, i)
        local again = self.random(1, 2) == 1
        vm.finalizer({}, function()
            item.resurrected = not vm.keeps_resurrected
            local problem = cell.problem(item)
            if problem then
                self:fail("in a finalizer: " .. problem)
            elseif again then
                self.cells[#self.cells + 1] = item
            end
        end)
    end
end

-- A finalizer frees a blob that the program may just be using.
function operations.ambush(self)
    local item = pick(self, self.cells)
    if item then
        vm.finalizer({}, function()
            item.freed = true
            if api.free(item.blob) ~= true then
                self:fail "Free failed in a finalizer"
            end
        end)
    end
end

-- A finalizer allocates, and drops or keeps what it got.
function operations.alloc_in_finalizer(self)
    vm.finalizer({}, function()
        local group = pick(self, self.groups)
        local fine, blob = vm.pcall(api.alloc, group and group.heap, 64)
        if fine and blob and not group.destroyed then
            keep(self, cell.new(group, blob, 64))
        end
    end)
end

function operations.tune(self)
    vm.tune(self.random)
end

function operations.step(self)
    collectgarbage("step", self.random(0, 200))
end

function operations.collect()
    collectgarbage()
end

function operations.stop_collector()
    collectgarbage "stop"
end

function operations.restart_collector()
    collectgarbage "restart"
end

-- How often each is drawn.
local WEIGHTS = {
    { "alloc", 300 }, { "realloc", 150 }, { "free", 120 }, { "check", 150 }, { "drop", 20 },
    { "litter", 20 }, { "touch_dead", 40 }, { "drop_heap", 8 }, { "drop_heap_and_blobs", 4 },
    { "destroy", 4 }, { "find_heap", 20 }, { "hold_weakly", 40 }, { "sleep", 20 }, { "wake", 40 },
    { "resurrect", 20 }, { "ambush", 10 }, { "alloc_in_finalizer", 10 }, { "tune", 4 },
    { "step", 20 }, { "collect", 1 }, { "stop_collector", 1 }, { "restart_collector", 4 },
}

local lots = {}
for _, weight in ipairs(WEIGHTS) do
    for _ = 1, weight[2] do
        lots[#lots + 1] = operations[weight[1]]
    end
end

-- One operation. Returns what is wrong, or nil.
function world:step()
    local problem = lots[self.random(1, #lots)](self)
    return problem or self.failure
end

-- Checks all blobs that are held, drops everything and looks at what is left. Returns what is
-- wrong, or nil.
function world:finish()
    for _, item in ipairs(self.cells) do
        local problem = cell.problem(item)
        if problem then
            return problem
        end
    end
    self.groups, self.cells, self.dead, self.weak, self.sleepers = {}, {}, {}, {}, {}
    for _ = 1, 6 do -- resurrected objects take a cycle each, and may resurrect
        collectgarbage()
        self.cells, self.groups = {}, {}
    end
    collectgarbage()
    local stats = winheap.Stats()
    if stats.blobs ~= 0 or stats.heaps ~= 0 then
        return ("%d heaps, %d blobs, %d bytes are left after all was dropped"):format(stats.heaps,
            stats.blobs, stats.bytes)
    end
    return self.failure or world.refused()
end

-- What is wrong if the engine refused a release.
function world.refused()
    local refused = winheap.Stats().refused
    return refused > 0 and ("the engine refused %d releases"):format(refused) or nil
end

return world
