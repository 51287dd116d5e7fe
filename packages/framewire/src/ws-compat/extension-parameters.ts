// The parameters of an extension in the shape of `ws`, and as the layers below have them.

/** A value to be written: true writes the name alone. */
type Value = string | number | boolean;
/** The parameters of one offer or response, to be written. */
export type FormattedParameters = Readonly<Record<string, Value | readonly Value[]>>;

/** Parameters as a list, as the layers below have them. */
export function listOf(parameters: FormattedParameters): { name: string; value: string | true }[] {
  return Object.entries(parameters).flatMap(([name, values]) =>
    asList(values).map((value) => ({ name, value: value === true || String(value) })),
  );
}

/** One may stand in the place of a list of one. */
export function asList<T>(oneOrMore: T | readonly T[]): readonly T[] {
  return Array.isArray(oneOrMore) ? (oneOrMore as readonly T[]) : [oneOrMore as T];
}
