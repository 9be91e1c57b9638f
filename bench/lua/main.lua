-- The benchmarks of the callers `luajit` and `lua54`: one program, run by either VM.
--
-- It lists what it can measure, or runs the named cases of one strategy as google benchmarks; the
-- runner (scripts/heaplab run) starts it once per process of a round. `--help` has the options.

local folder = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = folder .. "/?.lua;" .. package.path

local fail = require "child.fail"
local listing = require "child.listing"
local options = require "child.options"

local function main(arguments)
    local wanted = options.parse(arguments)
    if wanted.help then
        io.write(options.help)
    elseif wanted.list_strategies then
        listing.strategies(io.stdout)
    elseif wanted.list then
        listing.cases(io.stdout, wanted.strategy)
    else
        require("child.run").run(wanted)
    end
end

-- The state is not closed: the process ends, and a last sweep of finalizers would only cost time.
os.exit(fail.report(main, arg))
