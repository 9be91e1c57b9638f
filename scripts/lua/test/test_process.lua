-- Child processes: how they end, what they see, what they print.

local lu = require "luaunit"

local clock = require "heaplab.clock"
local process = require "heaplab.process"

local function shell(script, spec)
  spec = spec or {}
  spec.argv = { "sh", "-c", script }
  return process.run(spec)
end

local TestProcess = {}

function TestProcess.test_both_streams_are_captured()
  local result = shell("echo out; echo err >&2")
  lu.assertTrue(result.ok)
  lu.assertEquals(result.stdout, "out\n")
  lu.assertEquals(result.stderr, "err\n")
end

function TestProcess.test_more_output_than_a_pipe_holds()
  local result = shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done")
  lu.assertEquals(#result.stdout, 220000)
end

function TestProcess.test_exit_code_and_last_line()
  local result = shell("echo first >&2; echo 'what is wrong' >&2; exit 7")
  lu.assertEquals({ result.kind, result.code, result.ok }, { "exit", 7, false })
  lu.assertEquals(process.describe(result), "exit 7: what is wrong")
  local lua = process.run { argv = { "luajit", "-e", "error 'what is wrong'" } }
  lu.assertStrMatches(process.describe(lua), "exit 1: luajit: [^\n]*what is wrong")
end

function TestProcess.test_a_signal_has_its_name()
  for _, name in ipairs { "SEGV", "ABRT", "KILL", "TERM", "BUS" } do
    local result = shell("kill -" .. name .. " $$")
    lu.assertEquals(process.describe(result), "signal SIG" .. name)
  end
end

function TestProcess.test_a_timeout_ends_the_whole_group()
  local result = shell("sleep 60 & echo $!; wait", { timeout = 0.2 })
  lu.assertEquals(process.describe(result), "timeout after 0.2 s")
  lu.assertTrue(result.seconds < 30, result.seconds)
  local pid = result.stdout:match("%d+")
  -- Killed in the same instant as the shell, but gone only when init has reaped it.
  local deadline = clock.seconds() + 10
  local state
  repeat
    local file = io.open("/proc/" .. pid .. "/stat")
    state = file and file:read("*a"):match("%) (%a)")
    if file then file:close() end
  until state == nil or state == "Z" or clock.seconds() > deadline
  lu.assertTrue(state == nil or state == "Z", "the grandchild lives on")
end

function TestProcess.test_the_environment_is_exactly_the_given_one()
  local result = process.run { argv = { "env" }, env = { PATH = "/usr/bin:/bin", ONE = "1 2" } }
  local lines = {}
  for line in result.stdout:gmatch("[^\n]+") do lines[#lines + 1] = line end
  table.sort(lines)
  lu.assertEquals(lines, { "ONE=1 2", "PATH=/usr/bin:/bin" })
end

function TestProcess.test_working_folder()
  lu.assertEquals(shell("pwd -P", { cwd = "/" }).stdout, "/\n")
  lu.assertEquals(process.describe(shell("pwd", { cwd = "/nowhere" })),
    "exit 127: cannot run sh: cannot enter /nowhere")
end

function TestProcess.test_a_program_that_is_not_there()
  local result = process.run { argv = { "/nowhere/program" } }
  lu.assertEquals(process.describe(result),
    "exit 127: cannot run /nowhere/program: No such file or directory")
end

function TestProcess.test_arguments_are_not_interpreted()
  local argument = "a b;$(echo x)'\"*"
  lu.assertEquals(process.run({ argv = { "printf", "%s", argument } }).stdout, argument)
end

function TestProcess.test_programs_are_found_as_a_shell_finds_them()
  lu.assertEquals(process.find("sh"):match("[^/]+$"), "sh")
  lu.assertNil(process.find("no-such-program-anywhere"))
  lu.assertNil(process.find("/nowhere/sh"))
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "process", TestProcess } }))
