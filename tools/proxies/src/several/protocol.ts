// The messages of clients and servers, in JSON, and the ways in which the servers are joined.
import type { Position } from '@framewire/topics';

/** The ways in which the servers are joined, and whether topics have a history. */
export const WAYS = {
  redis: { hasHistory: false },
  'redis-history': { hasHistory: true },
  nats: { hasHistory: false },
  'nats-history': { hasHistory: true },
} as const;

export type Way = keyof typeof WAYS;

/** A message of a topic. The publisher numbers its messages to each topic. */
export interface TopicMessage {
  readonly way: Way;
  readonly topic: string;
  readonly from: number;
  readonly number: number;
  /** Whether it is the last one of this publisher. */
  readonly isEnd: boolean;
  /** The position of the message, in a topic with a history. */
  readonly epoch?: string;
  readonly offset?: number;
}

/** What a client requests. */
export type Request =
  | { readonly subscribe: string; readonly way: Way; readonly since: Position | undefined }
  | { readonly publish: TopicMessage };

/** The answer to the request with a number. */
export interface Reply {
  readonly id: number;
  readonly error?: string;
  readonly recovered?: boolean;
  readonly position?: Position;
}
