// The head of a request or response by its grammar (RFC 9112 §2 to §5), read as a whole.

export interface ModelHead {
  readonly start: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Where the head ends. */
  readonly end: number;
}

const TOKEN = String.raw`[!#$%&'*+\-.^_\`|~0-9A-Za-z]+`;
const REQUEST_LINE = new RegExp(String.raw`^${TOKEN} [\x21-\x7e]+ HTTP/1\.[01]$`);
/** The reason may be missing, and the space before it too. */
const STATUS_LINE = /^HTTP\/1\.[01] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE = new RegExp(String.raw`^(${TOKEN}):[\t ]*([\t\x20-\x7e\x80-\xff]*)$`);

/** The head at the start of a text with one character for each byte; undefined if it does not start with a valid one. */
export function readHead(
  text: string,
  kind: 'request' | 'response',
  { maxBytes, maxHeaders }: { maxBytes: number; maxHeaders: number },
): ModelHead | undefined {
  const empty = text.indexOf('\r\n\r\n');
  if (empty === -1) return undefined;
  const end = empty + 4;
  const [start = '', ...lines] = text.slice(0, empty).split('\r\n');
  if (!(kind === 'request' ? REQUEST_LINE : STATUS_LINE).test(start)) return undefined;
  const fields = lines.map((line) => FIELD_LINE.exec(line));
  if (fields.includes(null) || end > maxBytes || fields.length > maxHeaders) return undefined;
  const read = fields.map((field): [string, string] => [
    field?.[1] ?? '',
    (field?.[2] ?? '').replace(/[\t ]+$/, ''),
  ]);
  return bodyIsClear(read) ? { start, fields: read, end } : undefined;
}

/** RFC 9112 §3.2, §6.3: at most one Host, and at most one field that says where the body ends. */
function bodyIsClear(fields: readonly (readonly [string, string])[]): boolean {
  const valuesOf = (wanted: string): string[] =>
    fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  const lengths = valuesOf('content-length');
  const codings = valuesOf('transfer-encoding');
  if (valuesOf('host').length > 1 || lengths.length > 1 || codings.length > 1) return false;
  if (lengths.length > 0 && codings.length > 0) return false;
  return lengths.every((length) => /^[0-9]{1,15}$/.test(length));
}
