// The heads as they are passed on: without what concerned the last hop alone (RFC 9110 §7.6.1).
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

/** The request for the backend: the target is a path, the upgrade is asked for anew, `X-Forwarded-For` names the client. */
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

/** The fields with the host of a target in the absolute form, which wins over that of the header (RFC 9112 §3.2.2). */
function withHost(headers: HeaderField[], authority: string | undefined): HeaderField[] {
  if (authority === undefined) return headers;
  return headers.map(([name, value]) => [name, name.toLowerCase() === 'host' ? authority : value]);
}

/** The backend's refusal for the client: the connection ends behind it, whatever the backend had in mind. */
export function forwardedRefusal(head: ResponseHead): ResponseHead {
  return { ...head, headers: [...endToEnd(head.headers), ['Connection', 'close']] };
}

/** The fields that are meant for the last recipient: not those of one hop, nor those that `Connection` names as such. */
function endToEnd(headers: readonly HeaderField[]): HeaderField[] {
  const named = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()));
  const dropped = new Set([...HOP_BY_HOP, ...named]);
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()));
}
