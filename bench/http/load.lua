-- Sends one request after the other on each connection, each with the next of
-- the cookies, and ends with a line of JSON.

local requests = {}
local last = 0

function init(arguments)
  for cookie in io.lines(arguments[2]) do
    local headers = { ["Cookie"] = cookie }
    requests[#requests + 1] = wrk.format("GET", arguments[1], headers)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\njson:{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,' ..
      '"failed":%d,"cpuSeconds":%f}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status +
      errors.timeout,
    os.clock()
  ))
end
