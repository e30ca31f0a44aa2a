/**
 * The script by which `RedisStore` writes, run inside the server.
 *
 * @module
 */

/**
 * Every write. A run of it works on one key, that of a record or of an index, so
 * that a cluster can run it. It answers in words, as clients can be set to change
 * numbers.
 *
 * An index has the keys of a user's records, each with the latest end of life
 * that was announced for it. The announcement comes before the record: the other
 * way round, a program that crashes could leave a live record that no list has.
 * So a write answers `index`, a user and a revision if it has to be announced
 * first; and `ok`, a user and an end if the index of that user says more of the
 * record than is true now.
 *
 * Whoever takes a key out of an index knows the record as it was, and may not
 * know of a write that is on its way. So an announcement leaves a mark for ten
 * minutes. Its member is a `+` and the beginning of the key. Its score is the
 * instant at which it is over, in steps of 1024 ms, plus the revision that was
 * announced. A key stays in the index if there is a mark of a later revision than
 * the caller has seen, or any mark if the caller has seen no record. A touch has
 * no revision of its own: its mark is far ahead. (If a write is on its way for
 * longer than ten minutes, in the queue of a client without a connection, its
 * request has long given up.)
 *
 * A record is ended by commands that a server without memory does not refuse.
 */
export const SCRIPT = `
local key, op, now, ends, text, revision, user, indexed = KEYS[1], unpack(ARGV, 1, 8)
local call = redis.call
local function lives(head)
  return tonumber(head:match('^ *(%d+)%["$') or 0) > now + 0
end
if op == 'count' then
  local match = key:gsub('[][*?\\\\]', '\\\\%0') .. ('?'):rep(43)
  local page = call('SCAN', text, 'MATCH', match, 'COUNT', 500)
  local count = 0
  for _, name in ipairs(page[2]) do
    local head = redis.pcall('GETRANGE', name, 32, 49)
    if not head.err and lives(head) then count = count + 1 end
  end
  return 'ok ' .. page[1] .. ' ' .. count
end
if op == 'index' or op == 'drop' then
  local time = call('TIME')[1] * 1000
  local gone, lost = {}, 0
  local seen = tonumber(text)
  for at = 5, #ARGV do
    local id = ARGV[at]
    local mark = '+' .. id:sub(1, 9)
    local due = tonumber(call('ZSCORE', key, mark) or 0)
    local later = due > time and (text == 'none' or seen and (due - seen - 1) % 1024 < 512)
    if op == 'index' then
      local over = time + 600000
      call('ZADD', key, 'GT', ends, id)
      call('ZADD', key, over - over % 1024 + (later and due or seen) % 1024, mark)
    elseif not later then
      if ends + 0 > time then
        call('ZADD', key, 'XX', ends, id)
      else
        lost = lost + 1
        table.insert(gone, id)
        if due > 0 then table.insert(gone, mark) end
      end
    end
  end
  for _, id in ipairs(call('ZRANGEBYSCORE', key, '-inf', time, 'LIMIT', 0, 100)) do
    table.insert(gone, id)
  end
  if gone[1] then call('ZREM', key, unpack(gone)) end
  local last = call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2] or ends
  call('PEXPIREAT', key, string.format('%.0f', last))
  return 'ok ' .. lost
end
local head = redis.pcall('GETRANGE', key, 0, 94)
if head.err then
  if not head.err:find('WRONGTYPE') then return head end
  head = ''
end
local owner = head:match('^%["([%w_-]*)",', 49) or ''
local old = tonumber(head:sub(33, 48)) or 0
local version = tonumber(head:sub(1, 16)) or 0
if op == 'delete' then
  call('DEL', key)
  return 'ok ' .. owner .. ' 0'
end
if lives(head:sub(33, 50)) == (op == 'create') then return 'no' end
if op == 'touch' then
  user = owner
  ends = math.max(old, ends)
  text = string.format('%16.0f%16.0f', math.max(head:sub(17, 32), text), ends)
elseif op == 'update' and version ~= revision + 0 then
  return 'conflict'
end
if user ~= '' and user ~= indexed and (user ~= owner or old < ends + 0) then
  return 'index ' .. user .. ' ' .. (op == 'touch' and version + 256 or text:sub(1, 16) + 0)
end
if op == 'touch' then
  call('SETRANGE', key, 16, text)
  call('PEXPIREAT', key, string.format('%.0f', ends))
  return 'ok'
end
call('SET', key, text, 'PXAT', ends)
if user ~= owner then return 'ok ' .. owner .. ' 0' end
return old > ends + 0 and 'ok ' .. owner .. ' ' .. ends or 'ok'`;

/** The name by which a server knows the script. */
export const SCRIPT_SHA1 = "ddf2ce516ec1de677007c740913487fefb144b3b";
