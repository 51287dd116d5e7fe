// The API of JetStream: requests with JSON.
import { BrokerError } from '@framewire/topics';
import type { Session } from './session.ts';

/** The nanoseconds of a millisecond. JetStream counts in nanoseconds. */
export const NANOSECONDS = 1e6;

/** The error code of a server that finds no leader of JetStream, for example because it has been cut off from the other servers. */
const UNAVAILABLE = 10_008;

/** The parts of an answer that are used here. */
export interface Reply {
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/**
 * Sends a request: JSON, or the bytes of a message. Resolves to the answer, which may be an error. If JetStream is unavailable, the
 * connection counts as lost.
 */
export async function ask<R extends Reply>(
  session: Session,
  subject: string,
  request?: object | Uint8Array,
): Promise<R> {
  const reply = JSON.parse(await session.request(subject, dataOf(request))) as R;
  if (reply.error?.err_code !== UNAVAILABLE) return reply;
  const error = errorOf(reply.error);
  session.lose(error);
  throw new BrokerError('WS_ERR_BROKER_UNREACHABLE', error);
}

function dataOf(request: object | Uint8Array | undefined): string | Uint8Array {
  if (request === undefined) return '';
  return request instanceof Uint8Array ? request : JSON.stringify(request);
}

export function throwErrorOf({ error }: Reply): void {
  if (error !== undefined) throw errorOf(error);
}

function errorOf({ description, err_code }: NonNullable<Reply['error']>): Error {
  return new Error(`JetStream: ${description} (${err_code})`);
}
