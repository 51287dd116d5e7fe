// The heads as they are passed on: without what concerned the last hop alone (RFC 9110 §7.6.1).
import type { HeaderField, RequestHead, ResponseHead } from '@framewire/handshake';

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

/** The request for the backend: the upgrade is asked for anew, and the client is named in `X-Forwarded-For`. */
export function forwardedRequest(head: RequestHead, clientAddress: string): RequestHead {
  const isForwardedFor = ([name]: HeaderField): boolean => name.toLowerCase() === 'x-forwarded-for';
  const addresses = [...head.headers.filter(isForwardedFor).map(([, value]) => value), clientAddress];
  return {
    method: head.method,
    target: head.target,
    headers: [
      ...endToEnd(head.headers).filter((field) => !isForwardedFor(field)),
      ['X-Forwarded-For', addresses.join(', ')],
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ],
  };
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
