// The API of JetStream: requests with JSON.
import type { Session } from './session.ts';

/** The nanoseconds of a millisecond. JetStream counts in nanoseconds. */
export const NANOSECONDS = 1e6;

/** The parts of an answer that are used here. */
export interface Reply {
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** Sends a request. Resolves to the answer, which may be an error. */
export async function ask<R extends Reply>(session: Session, subject: string, request?: object): Promise<R> {
  const data = request === undefined ? '' : JSON.stringify(request);
  return JSON.parse(await session.request(subject, data)) as R;
}

export function throwErrorOf({ error }: Reply): void {
  if (error !== undefined) throw new Error(`JetStream: ${error.description} (${error.err_code})`);
}
