// `extension`: the header Sec-WebSocket-Extensions as `ws` shapes it, an object of lists of objects of lists.
import { formatExtensions, parseExtensions } from '@framewire/handshake';
import { asList, listOf, type FormattedParameters } from './extension-parameters.ts';

/** The parameters of one offer or response: all values of each name; true for one without a value. */
export type Parameters = Record<string, (string | true)[]>;

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

/** Names come from the peer: none of them is to find something in a prototype. */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
