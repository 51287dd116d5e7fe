// The request target: what the request line asks for, in the origin form and in the absolute form (RFC 9112 §3.2).

/** A request target by its parts. */
export interface RequestTarget {
  /** The path, without the query; another form than those two stands here as it is. */
  readonly path: string;
  /** The query with its `?`, or an empty string. */
  readonly query: string;
  /**
   * Host and port of the absolute form, without user info; `undefined` in the other forms. It wins over the header `Host`, which a
   * proxy replaces by it (RFC 9112 §3.2.2).
   */
  readonly authority: string | undefined;
}

/** The scheme and the authority of the absolute form. */
const ABSOLUTE = /^(?:https?|wss?):\/\/([^/?]*)/i;

/**
 * Reads a request target. The origin form, `/chat?room=1`, is what clients send to a server; but a server MUST accept the
 * absolute form too, `http://example.com/chat?room=1` (RFC 9112 §3.2.2).
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
    // "If the path component is empty, the client MUST send '/'": an absolute form says so by leaving it out.
    path: path === '' && authority !== undefined ? '/' : path,
    query: rest.slice(path.length),
    authority: authority?.slice(authority.lastIndexOf('@') + 1),
  };
}
