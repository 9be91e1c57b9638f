-- How scripts/bench, scripts/test and scripts/nightly find and install what is missing.

local lu = require "luaunit"
local Tree = require "test.tree"

local tree

TestSetup = {}

function TestSetup:setUp()
  tree = Tree.new()
end

function TestSetup:tearDown()
  tree:delete()
end

function TestSetup:test_help_names_every_option_and_does_nothing()
  for _, script in ipairs { "bench", "test", "nightly" } do
    local status, output, calls = tree:run("scripts/" .. script .. " --help", "ABSENT=cmake")
    lu.assertEquals(status, 0)
    lu.assertStrContains(output, "--no-install")
    lu.assertStrContains(output, "--yes")
    lu.assertEquals(calls, "")
  end
end

function TestSetup:test_nothing_missing_installs_nothing()
  local status, output, calls = tree:run("scripts/bench")
  lu.assertEquals(status, 0)
  lu.assertNotStrContains(calls, "apt-get")
  lu.assertNotStrContains(output, "missing")
end

function TestSetup:test_root_lists_then_installs_without_sudo()
  local status, output, calls = tree:run("scripts/bench", "ABSENT=gnuplot-nox")
  lu.assertEquals(status, 0)
  lu.assertStrMatches(output, ".*missing:\n  gnuplot%-nox +draws the charts\n.*")
  lu.assertStrContains(calls, "apt-get -q update\n")
  lu.assertStrMatches(calls, ".*apt%-get [^\n]* install gnuplot%-nox\n.*")
  lu.assertNotStrContains(calls, "sudo")
end

function TestSetup:test_bench_leaves_the_tests_tools_alone()
  local _, _, calls = tree:run("scripts/bench", "ABSENT=cppcheck")
  lu.assertNotStrContains(calls, "apt-get")
  _, _, calls = tree:run("scripts/test", "ABSENT=cppcheck")
  lu.assertStrContains(calls, "install cppcheck\n")
end

function TestSetup:test_no_install_says_what_is_missing_in_one_line_and_goes_on()
  local status, output, calls = tree:run("scripts/test --no-install", "ABSENT=cppcheck")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "scripts/test: missing: cppcheck (--no-install); going on")
  lu.assertNotStrContains(calls, "apt-get")
  lu.assertStrContains(calls, "cmake --build")
end

function TestSetup:test_what_the_build_needs_and_has_from_elsewhere_does_not_stop_it()
  local status, output = tree:run("scripts/bench --no-install", "ABSENT=cmake")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "missing: cmake (--no-install); going on")
end

function TestSetup:test_without_what_the_build_needs_it_stops()
  tree:remove("cmake")
  local status, output, calls = tree:run("scripts/bench --no-install", "ABSENT=cmake")
  lu.assertEquals(status, 1)
  lu.assertEquals(output,
    "scripts/bench: missing: cmake (--no-install); cannot build without cmake\n")
  lu.assertNotStrContains(calls, "heaplab")
end

function TestSetup:test_another_distribution_is_judged_by_what_it_has()
  tree:remove("apt-get", "dpkg-query", "gnuplot")
  local status, output = tree:run("scripts/bench")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "missing: gnuplot-nox (no apt-get here")
end

function TestSetup:test_user_without_sudo_is_told()
  tree:remove("sudo")
  local status, output, calls = tree:run("scripts/bench", "FAKE_UID=1000 ABSENT=gnuplot-nox")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "missing: gnuplot-nox (neither root nor sudo); going on")
  lu.assertNotStrContains(calls, "apt-get")
end

function TestSetup:test_sudo_is_never_used_without_a_terminal_to_ask_on()
  local status, output, calls = tree:run("scripts/bench", "FAKE_UID=1000 ABSENT=gnuplot-nox")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "--yes")
  lu.assertNotStrContains(calls, "sudo")
end

function TestSetup:test_yes_uses_sudo_without_asking()
  local status, output, calls = tree:run("scripts/bench --yes", "FAKE_UID=1000 ABSENT=gnuplot-nox")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "  gnuplot-nox ")
  lu.assertStrContains(calls, "sudo apt-get -q update\n")
  lu.assertStrMatches(calls, ".*sudo env [^\n]* install gnuplot%-nox\n.*")
end

-- script(1) gives the command a terminal; what it reads there is the answer.
local function answered(answer)
  return tree:run(("sh -c 'echo %s | script -qec scripts/bench /dev/null'"):format(answer),
    "FAKE_UID=1000 ABSENT=gnuplot-nox")
end

function TestSetup:test_on_a_terminal_it_asks_once()
  local _, output, calls = answered("y")
  lu.assertEquals(select(2, output:gsub("%[y/N%]", "")), 1)
  lu.assertStrContains(calls, "install gnuplot-nox\n")
  _, output, calls = answered("n")
  lu.assertStrContains(output, "(not wanted); going on")
  lu.assertNotStrContains(calls, "sudo")
end

-- Root installs, then the caller's own user goes on, so that nothing in the tree belongs to root.
function TestSetup:test_started_by_sudo_it_builds_as_the_caller()
  tree:program("stat", "echo 1000")
  tree:program("getent", "echo me:x:1000:1000::/home/me:/bin/sh")
  tree:program("setpriv", 'while [ "$1" != env ]; do shift; done; FAKE_UID=1000 "$@"')
  local status, _, calls = tree:run("scripts/bench --out there --filter pair",
    "SUDO_UID=1000 SUDO_GID=1000 ABSENT=gnuplot-nox")
  lu.assertEquals(status, 0)
  lu.assertStrMatches(calls, ".*install gnuplot%-nox\n.*setpriv %-%-reuid 1000 [^\n]*\n.*cmake.*")
  lu.assertNil(calls:match("\ncmake .*\nsetpriv"))
  lu.assertStrContains(calls, "heaplab run --out there --filter pair\n")
end

function TestSetup:test_a_failed_install_is_reported_and_not_the_end()
  tree:program("apt-get", "exit 100")
  local status, output = tree:run("scripts/bench", "ABSENT=gnuplot-nox")
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "missing: gnuplot-nox (apt-get failed); going on")
end

function TestSetup:test_every_package_is_named_once_with_a_check_and_a_purpose()
  local seen = {}
  for line in io.lines(tree.root .. "/scripts/packages.txt") do
    if not line:match("^#") then
      local package, need, kind = line:match("^(%S+)%s+(%l+)%s+(%l+):%S+%s+%S")
      lu.assertNotNil(package, line)
      lu.assertNil(seen[package], line)
      lu.assertTableContains({ "build", "bench", "test", "mingw" }, need)
      lu.assertTableContains({ "command", "pkgconfig", "module", "header" }, kind)
      seen[package] = true
    end
  end
  lu.assertNotNil(next(seen))
end

os.exit(lu.LuaUnit.run())
