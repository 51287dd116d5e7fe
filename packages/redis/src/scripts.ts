// The scripts that Redis runs, each in one step, for a history. Each topic has a hash with its epoch and newest offset, and a stream with
// its messages, whose identifiers are their offsets.

/** KEYS: hash, stream. Makes the epoch at the first use of a topic, and again if Redis has lost it. A lifetime of 0 has no end. */
const BEGIN = `
local function expire(key, lifetime)
  if lifetime == '0' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, lifetime) end
end
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', 0)
  expire(KEYS[1], ARGV[2])
end`;

/**
 * ARGV: a new epoch, the lifetimes of the hash and of the stream in ms, how many messages are kept, the command that publishes, the
 * channel, the messages. Subscribers receive the messages as one, each after its length. Returns the epoch and the offset of the last
 * message.
 */
export const PUBLISH = `${BEGIN}
local count = #ARGV - 6
local last = redis.call('HINCRBY', KEYS[1], 'offset', count)
local packed = {}
for i = 1, count do
  local message = ARGV[6 + i]
  local id = string.format('%.0f-0', last - count + i)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], id, 'm', message)
  packed[i] = struct.pack('>I4', #message) .. message
end
expire(KEYS[1], ARGV[2])
expire(KEYS[2], ARGV[3])
local first = string.format('%.0f', last - count + 1)
redis.call(ARGV[5], ARGV[6], epoch .. ':' .. first .. ':' .. table.concat(packed))
return {epoch, string.format('%.0f', last)}`;

/** ARGV: a new epoch, the lifetime of the hash in ms. Returns the epoch and the newest offset. */
export const POSITION = `${BEGIN}
return {epoch, redis.call('HGET', KEYS[1], 'offset')}`;

/** ARGV: as for {@link POSITION}, then the epoch and the offset to start after. Returns the epoch, the newest offset and the entries. */
export const HISTORY = `${BEGIN}
local newest = redis.call('HGET', KEYS[1], 'offset')
local entries = {}
if epoch == ARGV[3] and tonumber(ARGV[4]) < tonumber(newest) then
  entries = redis.call('XRANGE', KEYS[2], '(' .. ARGV[4] .. '-0', '+')
end
return {epoch, newest, entries}`;
