// The public surface of the package.
export { connectToNats } from './nats-broker.ts';
export type { NatsBrokerOptions, NatsHistoryOptions } from './options.ts';
