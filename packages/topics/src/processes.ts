// The public surface of `@framewire/topics/processes`.
export { TopicHub, type TopicHubOptions } from './hub/hub.ts';
export type { HubWorker } from './hub/hub-clients.ts';
export { connectToHub, type ConnectToHubOptions } from './hub/hub-client.ts';
export type { HistoryLimits, HistoryOption } from './engine/history-limits.ts';
