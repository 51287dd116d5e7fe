// Stands for a session store, such as a database: who a client is, by the cookie of its session.
import { setTimeout } from 'node:timers/promises';

const users = new Map([
  ['alice-session', 'alice'],
  ['bob-session', 'bob'],
]);

/** The user of a request, or undefined. Rejects when the signal aborts, so that nothing is looked up for a client that has left. */
export async function findUser(request, signal) {
  const session = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (session === undefined) return undefined;
  await setTimeout(10, undefined, { signal });
  return users.get(session);
}
