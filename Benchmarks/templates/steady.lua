-- wrk: each connection waits 5 to 15 ms before its next request, so 104 of them make about 10,000 requests a second.
-- The pauses differ, for equal ones would bring the requests in bursts.
dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "report.lua")
delay = function()
  return math.random(5, 15)
end
