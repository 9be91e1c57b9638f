--- `heaplab VERB ...`: finds the verb, runs it, turns errors into one line and an exit code.
--
-- A verb is a file heaplab/verb/NAME.lua that returns `{ summary = "one line", run = function(args)
-- return exit_code end }`. Exit codes: 0 fine, 1 usage or internal error, 3 confirmed regression,
-- 4 inconclusive or no baseline, 130 interrupted.

local function verbs(files, paths)
  local names = {}
  for _, file in ipairs(files.list(paths.root .. "/scripts/lua/heaplab/verb")) do
    names[#names + 1] = file:match("^([%w_]+)%.lua$")
  end
  return names
end

local function print_help(names)
  print("usage: heaplab VERB [OPTION]...\n")
  for _, name in ipairs(names) do
    print(("  %-9s %s"):format(name, require("heaplab.verb." .. name).summary))
  end
  print("\n`heaplab VERB --help` explains a verb; `heaplab --version` prints the version.")
  return 0
end

local function main(args)
  local fail = require "heaplab.fail"
  require("heaplab.interrupt").default()
  local names = verbs(require "heaplab.files", require "heaplab.paths")
  local verb = table.remove(args, 1)
  if verb == "--help" or verb == "-h" then return print_help(names) end
  if verb == "--version" then
    print("heaplab " .. require("heaplab.version").describe())
    return 0
  end
  for _, name in ipairs(names) do
    if name == verb then return require("heaplab.verb." .. name).run(args) end
  end
  local problem = verb and ("unknown verb '%s'"):format(verb) or "no verb given"
  fail.usage("%s; verbs: %s (see `heaplab --help`)", problem, table.concat(names, ", "))
end

-- The fail module may itself be what cannot be loaded, so it is asked for again here.
local function describe(err)
  local loaded, fail = pcall(require, "heaplab.fail")
  local message = loaded and fail.message(err)
  if message then return message end
  local text = tostring(err)
  local module = text:match("module '([^']+)' not found")
  if module then
    return ("the Lua module '%s' is missing for LuaJIT; scripts/bench installs what heaplab needs")
      :format(module)
  end
  return ("internal error: %s (HEAPLAB_DEBUG=1 shows where)"):format(text:match("^[^\n]*"))
end

local function report(err)
  io.stdout:flush()
  io.stderr:write("heaplab: ", describe(err), "\n")
  if os.getenv("HEAPLAB_DEBUG") then io.stderr:write(debug.traceback(tostring(err), 2), "\n") end
  return 1
end

local _, code = xpcall(function() return main({ unpack(arg) }) end, report)
-- A full disk or a closed pipe shows only when the buffer is written out.
if not io.stdout:flush() and code == 0 then
  io.stderr:write("heaplab: cannot write to standard output\n")
  code = 1
end
local interrupt = package.loaded["heaplab.interrupt"]
if code == 1 and interrupt and interrupt.requested() then code = interrupt.exit_code() end
os.exit(code)
