// In place of a session store, such as a database: finds the user by the session cookie.
import { setTimeout } from 'node:timers/promises';

const users = new Map([
  ['alice-session', 'alice'],
  ['bob-session', 'bob'],
]);

/** Returns the user of a request, or undefined. Rejects when the signal aborts, because the client has then left. */
export async function findUser(request, signal) {
  const session = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (session === undefined) return undefined;
  await setTimeout(10, undefined, { signal });
  return users.get(session);
}
