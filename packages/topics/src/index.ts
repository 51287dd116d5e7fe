// The public surface of the package.
export {
  BrokerError,
  type Broker,
  type BrokerErrorCode,
  type BrokerListener,
  type History,
  type HistoryMessage,
  type Position,
} from './broker.ts';
export type { TopicConnection } from './connection.ts';
export type { PublishOptions, SubscribeOptions, Subscription, TopicsOptions } from './options.ts';
export { Topics } from './topics.ts';
