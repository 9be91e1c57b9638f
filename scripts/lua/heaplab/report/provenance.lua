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

local function cell(value, build_id)
  if not present(value) then return "<td>–</td>" end
  local id = present(build_id) and ("<br><small>build id %s</small>"):format(html(build_id)) or ""
  return ("<td><code>%s</code>%s</td>"):format(html(value), id)
end

local function proof_row(strategy)
  local proof = present(strategy.proof) and strategy.proof or {}
  local head = ('<tr><td>%s</td><th scope="row">%s</th>'):format(
    html(frame.caller(strategy.caller)), html(strategy.name))
  if not strategy.found then
    return ('%s<td colspan="3">not found: %s</td></tr>\n'):format(head,
      html(present(strategy.hint) and strategy.hint or "no hint"))
  end
  return table.concat { head, cell(proof.malloc_path, proof.malloc_build_id),
    cell(proof.engine, proof.engine_build_id), cell(proof.vm, proof.vm_path), "</tr>\n" }
end

local PROOF = [[
<section id="proof"><h2>What really ran</h2>
<p>Read inside the measuring processes. A preloaded malloc also serves Lua 5.4's own objects, not
LuaJIT's.</p>
<div class="scroll"><table><thead><tr><th scope="col">caller</th><th scope="col">strategy</th>
<th scope="col">malloc</th><th scope="col">engine</th><th scope="col">VM</th></tr></thead>
<tbody>
%s</tbody></table></div></section>
]]

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
  local proofs = {}
  for i, strategy in ipairs(meta.strategies) do proofs[i] = proof_row(strategy) end
  return LIMITS .. PROOF:format(table.concat(proofs):gsub("%%", "%%%%")) .. machine(meta)
end

return provenance
