// The messages of clients and servers, in JSON, and the ways to connect the servers.
import type { Position } from '@framewire/topics';

/** The ways to connect the servers, and whether their topics have a history. */
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
  /** Whether it is the publisher's last message in this part of the run. */
  readonly isEnd: boolean;
  /** The position of the message, in a topic with a history. */
  readonly epoch?: string;
  readonly offset?: number;
}

/** What a client requests. */
export type Request =
  | { readonly subscribe: string; readonly way: Way; readonly since: Position | undefined }
  | { readonly publish: TopicMessage };

/** The answer to a request, which has the same number. */
export interface Reply {
  readonly id: number;
  readonly error?: string;
  readonly recovered?: boolean;
  readonly position?: Position;
}
