-- Tab-separated values survive a round trip, whatever the fields hold.

local lu = require "luaunit"

local tsv = require "heaplab.tsv"

local TestTsv = {}

function TestTsv.test_special_characters_survive()
  local fields = { "plain", "tab\there", "line\nbreak", "back\\slash", "\\t", "cr\r", "" }
  local header = { "a", "b", "c", "d", "e", "f", "g" }
  local records, names = tsv.parse(tsv.line(header) .. tsv.line(fields))
  lu.assertEquals(names, header)
  for i, name in ipairs(header) do lu.assertEquals(records[1][name], fields[i]) end
end

function TestTsv.test_numbers_are_short_and_exact()
  lu.assertEquals(tsv.number(0.1), "0.1")
  lu.assertEquals(tsv.number(12345678), "12345678")
  for _, value in ipairs { 1 / 3, 2 ^ 53, 1e300, 5e-324, 0.1 + 0.2 } do
    lu.assertEquals(tonumber(tsv.number(value)), value)
  end
end

function TestTsv.test_a_short_line_is_named()
  local records, message = tsv.parse("a\tb\n1\t2\n3\n")
  lu.assertNil(records)
  lu.assertStrContains(message, "line 3 has 1 fields, the header 2")
end

function TestTsv.test_an_unfinished_last_line_is_left_out()
  local records = assert(tsv.parse("a\tb\n1\t2\n3\t"))
  lu.assertEquals(#records, 1)
end

function TestTsv.test_no_header_is_an_error()
  lu.assertNil((tsv.parse("")))
end

os.exit(lu.LuaUnit.new():runSuiteByInstances({ { "TestTsv", TestTsv } }))
