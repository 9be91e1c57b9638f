-- `heaplab stress` from outside: the real harness, and harnesses that die.

local cjson = require "cjson"
local lu = require "luaunit"

local files = require "heaplab.files"
local paths = require "heaplab.paths"
local process = require "heaplab.process"
local scratch = require "test.scratch"

local function write(path, text)
  assert(files.write(path, text))
end

local BUILD = paths.build()

local TestStress = {}

function TestStress:setUp()
  self.folder = scratch.make()
end

function TestStress:tearDown()
  scratch.remove(self.folder)
end

function TestStress:heaplab(...)
  return process.run { argv = { paths.root .. "/scripts/heaplab", "stress", ... },
    env = { PATH = os.getenv("PATH"), HEAPLAB_BUILD = BUILD, HEAPLAB_RESULTS = self.folder } }
end

function TestStress:stored()
  local dir = self.folder .. "/stress"
  dir = dir .. "/" .. files.list(dir)[1]
  return cjson.decode(scratch.read(dir .. "/stress.json")), dir
end

-- A build folder whose model harness is a shell script.
function TestStress:build_with(script)
  local build = self.folder .. "/build"
  assert(files.make_directories(build .. "/bin"))
  assert(files.make_directories(build .. "/lib"))
  write(build .. "/lib/libwinheap-native.so", "")
  write(build .. "/bin/heaplab-stress-model", "#!/bin/sh\n" .. script)
  assert(process.run({ argv = { "chmod", "+x", build .. "/bin/heaplab-stress-model" } }).ok)
  return build
end

function TestStress:test_the_model_on_one_engine()
  local copy = self.folder .. "/copy.json"
  local result = self:heaplab("model", "--engine", "native", "--seed", "5", "--for", "1s",
    "--json", copy)
  lu.assertEquals(result.code, 0, result.stderr)
  lu.assertStrMatches(result.stdout, "harness.*\nmodel +c +native +passed .*")
  local stored, dir = self:stored()
  lu.assertEquals({ stored.seed, stored.seconds, #stored.harnesses }, { 5, 1, 1 })
  lu.assertEquals(stored.harnesses[1].status, "passed")
  lu.assertTrue(stored.harnesses[1].operations > 0)
  lu.assertEquals(cjson.decode(scratch.read(copy)), stored)
  for _, kind in ipairs { "svg", "png" } do
    lu.assertTrue(#scratch.read(dir .. "/timeline-model-c." .. kind) > 1000)
  end
end

function TestStress:test_threads_on_one_engine()
  local result = self:heaplab("threads", "--engine", "native", "--seed", "5", "--for", "1s")
  lu.assertEquals(result.code, 0, result.stderr)
  lu.assertStrMatches(result.stdout, "harness.*\nthreads +c +native +passed .*")
  lu.assertEquals(self:stored().harnesses[1].harness, "threads")
end

function TestStress:test_a_harness_that_dies_is_a_failure_with_its_seed()
  local result = self:heaplab("model", "--build", self:build_with("kill -SEGV $$"), "--seed", "5")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stdout, "model c native, seed 5: signal SIGSEGV\n")
  lu.assertEquals(self:stored().harnesses[1].status, "failed")
end

function TestStress:test_a_failure_is_reported_with_its_operation()
  local report = '{"schema":1,"harness":"model","caller":"c","engine":"native","engine_id":"n",'
    .. '"seed":5,"status":"failed","operations":10,"failures":[{"operation":9,"what":"size is 3"}],'
    .. '"seconds":1,"rate":10,"peak_live_bytes":5,"timeline":[]}'
  local result = self:heaplab("model", "--seed", "5", "--build", self:build_with(
    ("while [ \"$1\" != --json ]; do shift; done; echo '%s' >\"$2\"; exit 1\n"):format(report)))
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stdout, "model c native, seed 5, operation 9: size is 3\n")
end

function TestStress:test_ctrl_c_ends_the_harness()
  local result = self:heaplab("model", "--build",
    self:build_with("kill -INT $PPID; exec sleep 600\n"))
  lu.assertEquals(result.code, 130)
  lu.assertStrContains(result.stderr, "heaplab: interrupted")
  lu.assertEquals(self:stored().harnesses, {})
end

function TestStress:test_bad_input()
  local function one_line(text, ...)
    local result = self:heaplab(...)
    lu.assertEquals(result.code, 1)
    lu.assertStrContains(result.stderr, text)
    lu.assertStrMatches(result.stderr, "heaplab: [^\n]*\n")
  end
  one_line("unknown harness 'nosuch'; harnesses: model, threads, gc", "nosuch")
  one_line("unknown engine 'nosuch'; engines: native, ", "model", "--engine", "nosuch")
  one_line("'10x' is no duration", "model", "--for", "10x")
  one_line("'0s' is no duration", "model", "--for", "0s")
  one_line("no such file: /nowhere", "model", "--engine", "x=/nowhere")
  one_line("/bin/heaplab-stress-model not found; build it", "model", "--build", self.folder,
    "--engine", "x=/bin/sh")
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "stress", TestStress } }))
