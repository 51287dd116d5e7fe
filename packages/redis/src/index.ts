// The public surface of the package.
export type { RedisBrokerOptions, RedisHistoryOptions } from './options.ts';
export { connectToRedis } from './redis-broker.ts';
export type { SentinelOptions } from './sentinels.ts';
export type { AnyRedisClient } from './session.ts';
