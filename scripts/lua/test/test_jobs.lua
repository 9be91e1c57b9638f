-- What scripts/bench, scripts/test and scripts/nightly do once everything is installed.

local lu = require "luaunit"
local Tree = require "test.tree"

local tree

TestJobs = {}

function TestJobs:setUp()
  tree = Tree.new()
end

function TestJobs:tearDown()
  tree:delete()
end

function TestJobs:test_bench_stands_for_the_commands_it_prints()
  local status, output, calls = tree:run("scripts/bench --profile smoke --filter 'pair|drop'")
  lu.assertEquals(status, 0)
  lu.assertEquals(output, [[
$ cmake --preset release
$ cmake --build --preset release
$ scripts/heaplab run --profile smoke --filter 'pair|drop'
$ scripts/heaplab report
]])
  lu.assertStrContains(calls, [[
cmake --preset release
cmake --build --preset release
heaplab run --profile smoke --filter pair|drop
heaplab report
]])
end

function TestJobs:test_results_folder_is_passed_to_the_report()
  tree:heaplab('echo "$1 looks in $HEAPLAB_RESULTS"; ' .. tree.run_stub)
  for _, form in ipairs { "--out there", "--out=there" } do
    local _, output = tree:run("scripts/bench " .. form)
    lu.assertStrContains(output, "report looks in there\n")
  end
end

function TestJobs:test_a_run_that_did_not_start_is_not_reported()
  tree:heaplab('[ "$1" != run ] || exit 1')
  local status, _, calls = tree:run("scripts/bench")
  lu.assertEquals(status, 1)
  lu.assertNotStrContains(calls, "heaplab report")
end

function TestJobs:test_a_run_that_only_lists_is_not_reported()
  tree:heaplab "echo c/pair/strategy=nop/size=64"
  local status, _, calls = tree:run("scripts/bench --list")
  lu.assertEquals(status, 0)
  lu.assertNotStrContains(calls, "heaplab report")
end

function TestJobs:test_a_run_with_a_crashed_case_is_reported_and_fails()
  tree:heaplab('[ "$1" = run ] || exit 0; ' .. tree.run_stub .. "; exit 1")
  local status, _, calls = tree:run("scripts/bench")
  lu.assertEquals(status, 1)
  lu.assertStrContains(calls, "heaplab report")
end

-- Ctrl-C reaches the script and the run alike. The run looks long enough for the script to have
-- died, if it were to. setsid keeps the signal from the test itself.
local INTERRUPTED_RUN = [[
[ "$1" = run ] || exit 0
trap : INT
kill -INT 0
i=0
while [ -d /proc/$PPID ] && [ $i -lt 100000 ]; do i=$((i + 1)); done
[ -d /proc/$PPID ] && echo "still awaited"
exit 130]]

function TestJobs:test_an_interrupted_run_is_waited_for_and_ends_the_script()
  tree:heaplab(INTERRUPTED_RUN)
  local status, output, calls = tree:run("setsid -w scripts/bench")
  lu.assertEquals(status, 130)
  lu.assertStrContains(output, "heaplab run\nstill awaited\n")
  lu.assertNotStrContains(calls, "heaplab report")
end

function TestJobs:test_nightly_draws_the_history_before_the_report()
  local status, _, calls = tree:run("scripts/nightly")
  lu.assertEquals(status, 0)
  lu.assertStrContains(calls,
    "heaplab run --profile=nightly\nheaplab history\nheaplab report\n")
  _, _, calls = tree:run("scripts/nightly --profile smoke")
  lu.assertStrContains(calls, "heaplab run --profile smoke\n")
end

function TestJobs:test_two_nights_do_not_overlap()
  tree:heaplab('scripts/nightly || echo "refused with $?"')
  local _, output = tree:run("scripts/nightly")
  lu.assertStrContains(output, "another one is running here")
  lu.assertStrContains(output, "refused with 1\n")
end

function TestJobs:test_all_presets_are_tested_even_if_one_fails()
  tree:program("ctest", tree.stubs.ctest .. '; case "$*" in *asan*) exit 8 ;; esac')
  local status, output, calls = tree:run("scripts/test")
  lu.assertEquals(status, 1)
  for _, preset in ipairs { "asan", "tsan", "release", "mingw" } do
    lu.assertStrContains(calls, "ctest --preset " .. preset)
    lu.assertStrMatches(output, (".*%s: +100%%%% tests passed\n.*"):format(preset))
  end
end

-- Takes MinGW and Wine off the machine, and other programs.
local function without_mingw(...)
  tree:remove("x86_64-w64-mingw32-gcc", "wine", ...)
end

function TestJobs:test_another_distribution_without_mingw_is_told_that_its_preset_is_left_out()
  without_mingw("apt-get", "dpkg-query")
  local status, output, calls = tree:run("scripts/test --yes")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "\nmingw:   left out: missing gcc-mingw-w64-x86-64 wine64\n")
  lu.assertStrContains(output, "\nrelease: 100% tests passed\n")
  lu.assertNotStrContains(calls, "--preset mingw")
  tree:program("x86_64-w64-mingw32-gcc", "true")
  output = select(2, tree:run("scripts/test"))
  lu.assertStrContains(output, "\nmingw:   left out: missing wine64\n")
  tree:program("wine", "true")
  output = select(2, tree:run("scripts/test"))
  lu.assertStrContains(output, "\nmingw:   100% tests passed\n")
end

function TestJobs:test_debian_without_mingw_leaves_its_preset_out_only_when_not_to_install()
  without_mingw()
  local status, output, calls = tree:run("scripts/test --no-install", "ABSENT=wine64")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "\nmingw:   left out: missing wine64\n")
  lu.assertNotStrContains(calls, "--preset mingw")
  status, output, calls = tree:run("scripts/test --yes", "ABSENT=wine64")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "\nmingw:   100% tests passed\n")
  lu.assertStrMatches(calls, ".*install wine64\n.*ctest %-%-preset mingw.*")
end

function TestJobs:test_mingw_that_could_not_be_installed_is_a_failure()
  without_mingw()
  tree:program("apt-get", "exit 100")
  tree:program("cmake", 'case "$*" in *mingw*) exit 1 ;; esac')
  local status, output = tree:run("scripts/test --yes", "ABSENT=gcc-mingw-w64-x86-64")
  lu.assertEquals(status, 1)
  lu.assertStrContains(output, "\nmingw:   no verdict")
end

function TestJobs:test_quick_tests_the_release_build_and_hands_options_to_ctest()
  local status, _, calls = tree:run("scripts/test --quick -R setup")
  lu.assertEquals(status, 0)
  lu.assertStrMatches(calls, ".*ctest %-%-preset release [^\n]* %-R setup\n.*")
  lu.assertNotStrContains(calls, "asan")
end

function TestJobs:test_a_build_that_fails_is_no_verdict()
  tree:program("cmake", "exit 1")
  local status, output = tree:run("scripts/test --quick")
  lu.assertEquals(status, 1)
  lu.assertStrContains(output, "release: no verdict")
end

os.exit(lu.LuaUnit.run())
