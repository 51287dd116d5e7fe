import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

const salt = randomBytes(16);
const hash = (password) => scryptSync(password, salt, 32);

// A real server keeps the users and the sessions in a database.
const users = new Map([
  ['alice', hash('rabbit')],
  ['bob', hash('hammer')],
]);
const sessions = new Map();

/** Creates a session, and returns its token. Returns undefined if the name or the password is wrong. */
export function logIn(name, password) {
  const given = hash(password);
  const expected = users.get(name);
  if (expected === undefined || !timingSafeEqual(given, expected)) return undefined;
  const token = randomBytes(32).toString('base64url');
  sessions.set(token, name);
  return token;
}

/** Returns the name of the user of a request, by its session cookie, or undefined. */
export function userOf(request) {
  const token = /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
  return sessions.get(token);
}
