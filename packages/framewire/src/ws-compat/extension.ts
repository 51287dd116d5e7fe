// `extension`: reads and writes Sec-WebSocket-Extensions in the form of `ws`: for each extension name a list of offers, and for each
// parameter name of an offer a list of values.
import { formatExtensions, parseExtensions } from '@framewire/handshake';
import { asList, listOf, type FormattedParameters } from './extension-parameters.ts';

/** The parameters of one offer or response: all values by name; true for a parameter without a value. */
export type Parameters = Record<string, (string | true)[]>;

/**
 * Reads the value of the header.
 *
 * @returns the offers by extension name, in order; the objects have no prototype
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
 * Writes the value of the header; the inverse of {@link parse}. A list with one element may be replaced by the element.
 *
 * @throws `TypeError` for a name or value that is not a token
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

/** Without a prototype, because the peer chooses the names. */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
