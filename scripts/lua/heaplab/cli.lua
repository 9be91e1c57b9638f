--- What all verbs do with their arguments.
-- @module heaplab.cli

local argparse = require "argparse"
local unistd = require "posix.unistd"

local fail = require "heaplab.fail"
local files = require "heaplab.files"

local cli = {}

--- A parser for one verb.
function cli.parser(verb, description)
  return argparse("heaplab " .. verb, description):help_max_width(78)
end

--- Parses, or raises a usage error of one line.
function cli.parse(parser, args)
  local ok, result = parser:pparse(args)
  if ok then return result end
  local message = tostring(result):gsub("%s*\n%s*", "; ")
  fail.usage("%s (see `%s --help`)", message, parser:get_usage():match("Usage: (heaplab %w+)"))
end

--- Prints text, or raises an error when it cannot be written.
function cli.emit(text)
  fail.unless(files.emit(text))
end

--- A path of the command line, made absolute: the programs it is handed to may run elsewhere.
function cli.absolute(path)
  return path:sub(1, 1) == "/" and path or unistd.getcwd() .. "/" .. path
end

--- Adds --format, checked, to a parser.
function cli.format(parser)
  parser:option("--format", "text, tsv or json."):default("text"):convert(function(name)
    if name == "text" or name == "tsv" or name == "json" then return name end
    return nil, ("unknown format '%s'; formats: text, tsv, json"):format(name)
  end)
end

--- Converts an option's text to a whole number of at least `least`, for argparse's `convert`.
function cli.whole(least)
  return function(text)
    local value = tonumber(text)
    if value and value % 1 == 0 and value >= least and value < 2 ^ 53 then return value end
    return nil, ("'%s' is not a whole number of at least %d"):format(text, least)
  end
end

return cli
