// The forwarded heads, without the fields that concern only the last hop (RFC 9110 §7.6.1).
import { parseTarget, type HeaderField, type RequestHead, type ResponseHead } from '@framewire/handshake';

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
];

/** The request for the backend: with a path as its target, a new upgrade, and the client's address in `X-Forwarded-For`. */
export function forwardedRequest(head: RequestHead, clientAddress: string): RequestHead {
  const isForwardedFor = ([name]: HeaderField): boolean => name.toLowerCase() === 'x-forwarded-for';
  const { path, query, authority } = parseTarget(head.target);
  const addresses = [...head.headers.filter(isForwardedFor).map(([, value]) => value), clientAddress];
  return {
    method: head.method,
    target: path + query,
    headers: [
      ...withHost(endToEnd(head.headers), authority).filter((field) => !isForwardedFor(field)),
      ['X-Forwarded-For', addresses.join(', ')],
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ],
  };
}

/** Replaces the host by that of a target in the absolute form, which takes precedence (RFC 9112 §3.2.2). */
function withHost(headers: HeaderField[], authority: string | undefined): HeaderField[] {
  if (authority === undefined) return headers;
  return headers.map(([name, value]) => [name, name.toLowerCase() === 'host' ? authority : value]);
}

/** The backend's refusal for the client. The proxy ends the connection after it. */
export function forwardedRefusal(head: ResponseHead): ResponseHead {
  return { ...head, headers: [...endToEnd(head.headers), ['Connection', 'close']] };
}

/** Removes the fields of a single hop: the known ones, and those that `Connection` names. */
function endToEnd(headers: readonly HeaderField[]): HeaderField[] {
  const named = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()));
  const dropped = new Set([...HOP_BY_HOP, ...named]);
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()));
}
