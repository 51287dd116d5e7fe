// The public surface of the package.
export type { TopicConnection } from './connection.ts';
export { Topics, type PublishOptions } from './topics.ts';
