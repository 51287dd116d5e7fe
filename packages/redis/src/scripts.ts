// The scripts that Redis runs, each in one step, for a history. Each topic has a hash with its epoch and newest offset, and a stream with
// its messages, whose identifiers are their offsets.

/**
 * KEYS: hash, stream. Begins an epoch at the first use of a topic, and again if Redis has lost it. A lifetime of 0 has no end.
 *
 * Without `durable`, the start of an epoch is that of the replication id. Redis changes the id when it starts and when a replica becomes the
 * primary. Confirmed messages may be lost then, and others would take their offsets, so a new epoch begins. {@link lineOf} does the same.
 */
const BEGIN = `
local function expire(key, lifetime)
  if lifetime == '0' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, lifetime) end
end
local line = ''
if ARGV[3] ~= 'durable' then
  line = string.match(redis.call('INFO', 'replication'), 'master_replid:(........)')
end
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch or string.sub(epoch, 1, #line) ~= line then
  epoch = line .. ARGV[1]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', 0)
  expire(KEYS[1], ARGV[2])
end`;

/**
 * ARGV: the rest of a new epoch, the lifetime of the hash in ms, `durable` or another text, the lifetime of the stream, how many messages
 * are kept, the command that publishes, the channel, the messages. Subscribers receive the messages as one, each after its length. Returns
 * the epoch and the offset of the last message.
 */
export const PUBLISH = `${BEGIN}
local count = #ARGV - 7
local last = redis.call('HINCRBY', KEYS[1], 'offset', count)
local packed = {}
for i = 1, count do
  local message = ARGV[7 + i]
  local id = string.format('%.0f-0', last - count + i)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], id, 'm', message)
  packed[i] = struct.pack('>I4', #message) .. message
end
expire(KEYS[1], ARGV[2])
expire(KEYS[2], ARGV[4])
local first = string.format('%.0f', last - count + 1)
redis.call(ARGV[6], ARGV[7], epoch .. ':' .. first .. ':' .. table.concat(packed))
return {epoch, string.format('%.0f', last)}`;

/** ARGV: the first three as for {@link PUBLISH}. Returns the epoch and the newest offset. */
export const POSITION = `${BEGIN}
return {epoch, redis.call('HGET', KEYS[1], 'offset')}`;

/** ARGV: as for {@link POSITION}, then the epoch and the offset to start after. Returns the epoch, the newest offset and the entries. */
export const HISTORY = `${BEGIN}
local newest = redis.call('HGET', KEYS[1], 'offset')
local entries = {}
if epoch == ARGV[4] and tonumber(ARGV[5]) < tonumber(newest) then
  entries = redis.call('XRANGE', KEYS[2], '(' .. ARGV[5] .. '-0', '+')
end
return {epoch, newest, entries}`;

/** The first characters of each new epoch, unless it is durable, while Redis has this `INFO replication`. */
export function lineOf(info: string): string {
  return /master_replid:(.{8})/.exec(info)?.[1] ?? '';
}
