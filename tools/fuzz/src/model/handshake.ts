// The opening handshake, rule by rule (RFC 6455 §4.1, §4.2.1, §9.1). As documented, a check reports the first row of its table whose
// condition does not hold.
import { createHash } from 'node:crypto';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const TOKEN = String.raw`[!#$%&'*+\-.^_\`|~0-9A-Za-z]`;
const SPACE = String.raw`[ \t]*`;
const PARAMETER = String.raw`${TOKEN}+(?:=(?:${TOKEN}+|"(?:\\?${TOKEN})+"))?`;
const EXTENSION = String.raw`${TOKEN}+(?:${SPACE};${SPACE}${PARAMETER})*`;
const EXTENSION_LIST = new RegExp(String.raw`^${EXTENSION}(?:${SPACE},${SPACE}${EXTENSION})*$`);
const TOKEN_LIST = new RegExp(String.raw`^${TOKEN}+(?:${SPACE},${SPACE}${TOKEN}+)*$`);
const HOST = /^[-._~!$&'()*+;=%:[\]0-9A-Za-z]+$/;

/** §9.1: the extensions of a header's value, as [name, [parameter, value], ...]; undefined if it breaks the grammar. */
export function extensionsOf(value: string): unknown[] | undefined {
  if (!EXTENSION_LIST.test(value)) return undefined;
  return value.split(',').map((extension) => {
    const [name, ...parameters] = extension.split(';').map((part) => part.trim());
    return [
      name,
      ...parameters.map((parameter) => {
        const equals = parameter.indexOf('=');
        if (equals === -1) return [parameter, true];
        return [parameter.slice(0, equals), parameter.slice(equals + 1).replaceAll(/["\\]/g, '')];
      }),
    ];
  });
}

/** §4.1: a list of different tokens; undefined if it is invalid. */
export function subprotocolsOf(value: string): string[] | undefined {
  if (!TOKEN_LIST.test(value)) return undefined;
  const names = value.split(',').map((name) => name.trim());
  return new Set(names).size === names.length ? names : undefined;
}

/** §4.2.1: the code with which a request is refused; undefined if it is accepted. */
export function requestBreach(
  { method, httpVersion, headers }: { method: string; httpVersion: string; headers: Headers },
  strict: boolean,
): string | undefined {
  const value = (name: string): string | undefined => joined(headers[name]);
  const rows: readonly (readonly [holds: boolean, code: string])[] = [
    [method === 'GET', 'WS_ERR_INVALID_METHOD'],
    [!strict || httpVersion === '1.1', 'WS_ERR_INVALID_HTTP_VERSION'],
    [/^websocket$/i.test(value('upgrade') ?? ''), 'WS_ERR_INVALID_UPGRADE'],
    [!strict || hasUpgrade(value('connection')), 'WS_ERR_INVALID_CONNECTION'],
    [/^[A-Za-z0-9+/]{22}==$/.test(value('sec-websocket-key') ?? ''), 'WS_ERR_INVALID_KEY'],
    [['13', '8'].includes(value('sec-websocket-version') ?? ''), 'WS_ERR_INVALID_VERSION'],
    [!strict || HOST.test(value('host') ?? ''), 'WS_ERR_INVALID_HOST'],
    [!strict || !hasBody(headers), 'WS_ERR_UNEXPECTED_BODY'],
    [
      value('sec-websocket-protocol') === undefined ||
        subprotocolsOf(value('sec-websocket-protocol') ?? '') !== undefined,
      'WS_ERR_INVALID_SUBPROTOCOL_REQUEST',
    ],
  ];
  return rows.find(([holds]) => !holds)?.[1];
}

/** What a client has requested. */
export interface Asked {
  readonly key: string;
  readonly subprotocols: readonly string[];
  readonly extensions: readonly string[];
  readonly strict: boolean;
  readonly subprotocolRequired: boolean;
}

/** §4.1: the code with which a client fails the connection; undefined for a response that opens it. */
export function responseBreach(
  { statusCode, headers }: { statusCode: number; headers: Headers },
  { key, subprotocols, extensions, strict, subprotocolRequired }: Asked,
): string | undefined {
  const value = (name: string): string | undefined => joined(headers[name]);
  // An empty value means no subprotocol.
  const protocol = value('sec-websocket-protocol') || undefined;
  const header = value('sec-websocket-extensions');
  const named =
    header === undefined ? [] : extensionsOf(header)?.map((extension) => (extension as string[])[0] ?? '');
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const rows: readonly (readonly [holds: boolean, code: string])[] = [
    [statusCode === 101, 'WS_ERR_UNEXPECTED_RESPONSE'],
    [/^websocket$/i.test(value('upgrade') ?? ''), 'WS_ERR_INVALID_UPGRADE'],
    [!strict || hasUpgrade(value('connection')), 'WS_ERR_INVALID_CONNECTION'],
    [value('sec-websocket-accept') === accept, 'WS_ERR_INVALID_ACCEPT'],
    [!strict || !hasBody(headers), 'WS_ERR_UNEXPECTED_BODY'],
    [protocol === undefined || subprotocols.length > 0, 'WS_ERR_UNREQUESTED_SUBPROTOCOL'],
    [protocol === undefined || subprotocols.includes(protocol), 'WS_ERR_INVALID_SUBPROTOCOL'],
    [
      protocol !== undefined || subprotocols.length === 0 || !subprotocolRequired,
      'WS_ERR_MISSING_SUBPROTOCOL',
    ],
    [header === undefined || extensions.length > 0, 'WS_ERR_UNREQUESTED_EXTENSIONS'],
    [named !== undefined, 'WS_ERR_INVALID_EXTENSIONS'],
    [(named ?? []).every((name) => extensions.includes(name)), 'WS_ERR_UNREQUESTED_EXTENSION'],
    [new Set(named).size === (named ?? []).length, 'WS_ERR_INVALID_EXTENSIONS'],
  ];
  return rows.find(([holds]) => !holds)?.[1];
}

/** RFC 9110 §5.2: fields with the same name form one list. */
function joined(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}

function hasUpgrade(connection = ''): boolean {
  return connection.split(',').some((token) => /^[ \t]*upgrade[ \t]*$/i.test(token));
}

function hasBody(headers: Headers): boolean {
  return (
    headers['transfer-encoding'] !== undefined ||
    !['0', undefined].includes(joined(headers['content-length']))
  );
}
