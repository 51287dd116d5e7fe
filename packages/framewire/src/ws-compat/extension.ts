// `extension`: the header Sec-WebSocket-Extensions as `ws` shapes it, an object of lists of objects of lists.
import { formatExtensions, parseExtensions } from '@framewire/handshake';

/** The parameters of one offer or response: all values of each name; true for one without a value. */
export type Parameters = Record<string, (string | true)[]>;

/** A value to be written: true writes the name alone. */
type Value = string | number | boolean;
/** The parameters of one offer or response, to be written. */
export type FormattedParameters = Readonly<Record<string, Value | readonly Value[]>>;

/**
 * Reads the value of the header.
 *
 * @returns by the name of each extension its offers, in order; the objects have no prototype
 * @throws `SyntaxError`
 */
export function parse(header: string): Record<string, Parameters[]> {
  const offers = emptyRecord<Parameters[]>();
  for (const { name, params } of parseExtensions(header)) {
    const record = emptyRecord<(string | true)[]>();
    for (const { name: key, value } of params) (record[key] ??= []).push(value);
    (offers[name] ??= []).push(record);
  }
  return offers;
}

/**
 * Writes the value of the header; the inverse of {@link parse}. Where there would be a list of one, the one may stand alone.
 *
 * @throws `TypeError` for a name or value that is no token
 */
export function format(
  extensions: Readonly<Record<string, FormattedParameters | readonly FormattedParameters[]>>,
): string {
  return formatExtensions(
    Object.entries(extensions).flatMap(([name, offers]) =>
      asList(offers).map((offer) => ({ name, params: listOf(offer) })),
    ),
  );
}

/** Parameters as a list, as the layers below have them. */
export function listOf(parameters: FormattedParameters): { name: string; value: string | true }[] {
  return Object.entries(parameters).flatMap(([name, values]) =>
    asList(values).map((value) => ({ name, value: value === true || String(value) })),
  );
}

function asList<T>(oneOrMore: T | readonly T[]): readonly T[] {
  return Array.isArray(oneOrMore) ? (oneOrMore as readonly T[]) : [oneOrMore as T];
}

/** Names come from the peer: none of them is to find something in a prototype. */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
