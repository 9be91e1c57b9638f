--- The foot of the page: what really ran, on which machine, and what the figures do not say.
-- @module heaplab.report.provenance
local cjson = require "cjson"

local frame = require "heaplab.charts.frame"
local html = require("heaplab.text").html
local units = require "heaplab.units"

local provenance = {}

local function present(value)
  return value ~= nil and value ~= cjson.null and value ~= ""
end

local function cell(value, detail)
  if not present(value) then return "<td>–</td>" end
  local small = present(detail) and ("<br><small>%s</small>"):format(html(detail)) or ""
  return ("<td><code>%s</code>%s</td>"):format(html(value), small)
end

-- `NAME VERSION BUILDID` without the id, which has a place of its own.
local function engine_name(proof)
  local name, id = proof.engine, proof.engine_build_id
  if not present(name) or not present(id) then return name end
  return name:sub(-#id) == id and name:sub(1, -#id - 2) or name
end

local function build_id(id)
  return present(id) and "build id " .. id or nil
end

local function proof_cells(strategy)
  if not strategy.found then
    return ('<td colspan="3">not found: %s</td>'):format(
      html(present(strategy.hint) and strategy.hint or "no hint"))
  end
  local proof = present(strategy.proof) and strategy.proof or {}
  return cell(proof.malloc_path, build_id(proof.malloc_build_id))
    .. cell(engine_name(proof), build_id(proof.engine_build_id))
    .. cell(proof.vm, proof.vm_path)
end

-- Strategies of a caller that ran on the same libraries share a row.
local function proof_rows(strategies)
  local list, known = {}, {}
  for _, strategy in ipairs(strategies) do
    local caller, cells = frame.caller(strategy.caller), proof_cells(strategy)
    local row = known[caller .. cells]
    if not row then
      row = { caller = caller, cells = cells, names = {} }
      known[caller .. cells] = row
      list[#list + 1] = row
    end
    table.insert(row.names, html(strategy.name))
  end
  return list
end

local PROOF = [[
<section id="proof"><h2>What really ran</h2>
<p>Read inside the measuring processes. A preloaded malloc also serves Lua 5.4's own objects, not
LuaJIT's.</p>
<div class="scroll"><table><thead><tr><th scope="col">caller</th><th scope="col">strategies</th>
<th scope="col">malloc</th><th scope="col">engine</th><th scope="col">VM</th></tr></thead>
<tbody>
]]

local function proof_table(strategies)
  local parts = { PROOF }
  for _, row in ipairs(proof_rows(strategies)) do
    parts[#parts + 1] = ('<tr><td>%s</td><th scope="row">%s</th>%s</tr>\n'):format(html(row.caller),
      table.concat(row.names, "<br>"), row.cells)
  end
  return table.concat(parts) .. "</tbody></table></div></section>\n"
end

local FIELDS = { { "cpu", "CPU" }, { "cores", "cores" }, { "memory_bytes", "memory" },
  { "kernel", "kernel" }, { "distribution", "distribution" }, { "libc", "C library" },
  { "compiler", "compiler" }, { "benchmark_library", "google-benchmark" },
  { "thp", "transparent huge pages" }, { "governor", "CPU governor" },
  { "aslr", "address space randomisation" }, { "virtualisation", "virtualisation" },
  { "key", "fingerprint key" } }

local function field_text(name, value)
  if not present(value) then return "unknown" end
  if name == "memory_bytes" and tonumber(value) then return units.bytes(tonumber(value)) end
  return tostring(value)
end

local function machine(meta)
  local parts = { '<section id="machine"><h2>The machine and the run</h2>\n<dl>\n' }
  local function add(name, value)
    parts[#parts + 1] = ("<div><dt>%s</dt><dd>%s</dd></div>\n"):format(html(name), html(value))
  end
  for _, field in ipairs(FIELDS) do
    add(field[2], field_text(field[1], meta.fingerprint[field[1]]))
  end
  add("heaplab", ("%s, %s build"):format(meta.version, meta.build_type))
  add("seed", meta.seed)
  add("pinned to CPU", tonumber(meta.pinned_cpu) or "none: the scheduler chose")
  add("started, finished", ("%s, %s"):format(meta.started,
    present(meta.finished) and meta.finished or "not finished"))
  add("command", table.concat(meta.command, " "))
  return table.concat(parts) .. "</dl></section>\n"
end

local LIMITS = [[
<section id="limits" class="box"><h2>What this does not measure</h2>
<ul>
<li><b>Your program.</b> A loop around one operation keeps caches and branch predictors warmer than
a program does. Take the order of magnitude, not the third digit.</li>
<li><b>Single slow calls.</b> Times are means over many operations; a page fault or a long
collection disappears in them.</li>
<li><b>Threads.</b> Every case runs on one; contention and memory freed by another thread do not
occur.</li>
<li><b>Years of uptime.</b> Peak memory is that of a short, fixed amount of work; fragmentation
builds up over days.</li>
<li><b>The payload</b>, unless a case says <i>touch page</i> or <i>touch all</i>: untouched memory
is cheaper than any that is used.</li>
<li><b>Safety.</b> <code>heap:</code> rows check every free and keep exact sizes;
<code>malloc</code> does neither. The price is in the figure, the benefit is not.</li>
<li><b>Other machines.</b> Ratios carry further than nanoseconds, but not everywhere.</li>
<li><b>Windows.</b> No figure here comes from it.</li>
</ul></section>
]]

--- The foot of the page.
-- @tparam table meta run.json
-- @treturn string
function provenance.html(meta)
  return LIMITS .. proof_table(meta.strategies) .. machine(meta)
end

return provenance
