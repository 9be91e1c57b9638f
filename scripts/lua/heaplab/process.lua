--- Child processes: started without a shell, in their own process group, waited for with a limit.
-- @module heaplab.process

local fcntl = require "posix.fcntl"
local poll = require "posix.poll"
local signal = require "posix.signal"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local clock = require "heaplab.clock"
local interrupt = require "heaplab.interrupt"

local process = {}

local NOT_STARTED = 127

local signal_names = {}
for name, number in pairs(signal) do
  if name:find("^SIG%u") and not name:find("_") then signal_names[number] = name end
end

local function replace_environment(env)
  for name in pairs(stdlib.getenv()) do
    if env[name] == nil then stdlib.setenv(name, nil) end
  end
  for name, value in pairs(env) do stdlib.setenv(name, value) end
end

-- Runs in the child, up to exec. Its own process group: so that a Ctrl-C at the terminal reaches
-- the runner alone, and a kill reaches whatever the child has started.
local function become(spec, stdout, stderr)
  unistd.setpid("p", 0, 0)
  local input = fcntl.open("/dev/null", fcntl.O_RDONLY)
  unistd.dup2(input, unistd.STDIN_FILENO)
  unistd.dup2(stdout, unistd.STDOUT_FILENO)
  unistd.dup2(stderr, unistd.STDERR_FILENO)
  if spec.env then replace_environment(spec.env) end
  local arguments = { unpack(spec.argv, 2) }
  local problem
  if spec.cwd and not unistd.chdir(spec.cwd) then
    problem = ("%s: cannot enter %s"):format(spec.argv[1], spec.cwd)
  else
    problem = select(2, unistd.execp(spec.argv[1], arguments))
  end
  unistd.write(unistd.STDERR_FILENO, ("cannot run %s\n"):format(problem))
  unistd._exit(NOT_STARTED)
end

local function pipe()
  local reading, writing = unistd.pipe()
  assert(reading, writing)
  fcntl.fcntl(reading, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  fcntl.fcntl(writing, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  return reading, writing
end

local function start(spec)
  local out_read, out_write = pipe()
  local err_read, err_write = pipe()
  local pid = assert(unistd.fork())
  if pid == 0 then become(spec, out_write, err_write) end
  unistd.setpid("p", pid, pid)
  unistd.close(out_write)
  unistd.close(err_write)
  return pid, out_read, err_read
end

local function read_ready(streams, texts)
  for fd, stream in pairs(streams) do
    local ready = stream.revents
    if ready and (ready.IN or ready.HUP or ready.ERR or ready.NVAL) then
      local text = unistd.read(fd, 65536)
      if text and text ~= "" then
        table.insert(texts[fd], text)
      else
        unistd.close(fd)
        streams[fd] = nil
      end
    end
  end
end

-- Reads both streams until the child has closed them. Returns why it stopped earlier, if it did.
local function drain(spec, streams, texts)
  local deadline = clock.seconds() + (spec.timeout or math.huge)
  while next(streams) do
    local left = deadline - clock.seconds()
    if left <= 0 then return "timeout" end
    -- When nothing is ready or a signal came, luaposix leaves the old answers in the table.
    local ready = poll.poll(streams, math.ceil(math.min(left, 1) * 1000))
    if ready and ready > 0 then read_ready(streams, texts) end
    if interrupt.requested() then return "interrupted" end
    if spec.on_tick then spec.on_tick() end
  end
end

local function reap(pid)
  local reaped, how, status
  repeat reaped, how, status = wait.wait(pid) until reaped
  return how, status
end

local function outcome(stopped, how, status)
  if stopped then return { kind = stopped } end
  if how == "exited" then return { kind = "exit", code = status, ok = status == 0 } end
  return { kind = "signal", signal = signal_names[status] or ("signal " .. status) }
end

--- Runs a program to its end.
-- @tparam table spec `argv` (array: program and arguments), `env` (map: the whole environment;
-- without it the present one), `cwd`, `timeout` in seconds, `on_tick` (called about once a second)
-- @treturn table `kind`: "exit" (with `code`), "signal" (with `signal`, as in "SIGSEGV"),
-- "timeout" or "interrupted"; `ok` when it exited with 0; `stdout`, `stderr`, `seconds`
function process.run(spec)
  local began = clock.seconds()
  local pid, out, err = start(spec)
  local texts = { [out] = {}, [err] = {} }
  local streams = { [out] = { events = { IN = true } }, [err] = { events = { IN = true } } }
  local stopped = drain(spec, streams, texts)
  for fd in pairs(streams) do unistd.close(fd) end
  if stopped then signal.killpg(pid, signal.SIGKILL) end
  local result = outcome(stopped, reap(pid))
  result.stdout, result.stderr = table.concat(texts[out]), table.concat(texts[err])
  result.seconds, result.timeout = clock.seconds() - began, spec.timeout
  return result
end

-- Of a Lua error, the line before its traceback.
local function last_line(text)
  text = text:match("^(.-)\nstack traceback:\n") or text
  return text:match("([^\n]+)%s*$") or "no message"
end

--- What became of a process, in one line: "exit 1: unknown case", "signal SIGSEGV".
function process.describe(result)
  if result.kind == "exit" then
    return ("exit %d: %s"):format(result.code, last_line(result.stderr))
  end
  if result.kind == "signal" then return "signal " .. result.signal end
  if result.kind == "timeout" then return ("timeout after %g s"):format(result.timeout) end
  return result.kind
end

--- The absolute path of a program, looked up as a shell does; nil when there is none.
function process.find(name)
  if name:find("/", 1, true) then return stdlib.realpath(name) end
  for dir in (os.getenv("PATH") or "/usr/bin:/bin"):gmatch("[^:]+") do
    local path = dir .. "/" .. name
    if unistd.access(path, "x") then return path end
  end
end

return process
