// The public surface of `@framewire/topics/engine`: what brokers of different engines have in common.
export { heartbeat } from './engine/heartbeat.ts';
export { historyLimits, type HistoryLimits, type HistoryOption } from './engine/history-limits.ts';
export { Sessions, type EngineSession, type OpenSession } from './engine/sessions.ts';
export { timeLimit } from './engine/time-limit.ts';
