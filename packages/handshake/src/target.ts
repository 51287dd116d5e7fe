// The request target in the origin form and in the absolute form (RFC 9112 §3.2).

/** The parts of a request target. */
export interface RequestTarget {
  /** The path without the query. In other forms, the whole target. */
  readonly path: string;
  /** The query including its `?`, or an empty string. */
  readonly query: string;
  /**
   * Host and port of the absolute form, without user info; `undefined` in other forms. It takes precedence over the `Host` header, which
   * a proxy replaces (RFC 9112 §3.2.2).
   */
  readonly authority: string | undefined;
}

/** The scheme and the authority of the absolute form. */
const ABSOLUTE = /^(?:https?|wss?):\/\/([^/?]*)/i;

/**
 * Parses a request target. Clients send the origin form, `/chat?room=1`. A server MUST also accept the absolute form,
 * `http://example.com/chat?room=1` (RFC 9112 §3.2.2).
 *
 * @example
 * parseTarget('http://example.com/chat?x'); // { path: '/chat', query: '?x', authority: 'example.com' }
 */
export function parseTarget(target: string): RequestTarget {
  const [origin = '', authority] = ABSOLUTE.exec(target) ?? [];
  const rest = target.slice(origin.length);
  const mark = rest.indexOf('?');
  const path = mark === -1 ? rest : rest.slice(0, mark);
  return {
    // "If the path component is empty, the client MUST send '/'". In the absolute form, the path is absent instead.
    path: path === '' && authority !== undefined ? '/' : path,
    query: rest.slice(path.length),
    authority: authority?.slice(authority.lastIndexOf('@') + 1),
  };
}
