// Converts the parameters of an extension between the form of `ws` and the form of the layers below.

/** A parameter value; true is a parameter without a value. */
type Value = string | number | boolean;
/** The parameters of one offer or response, for writing. */
export type FormattedParameters = Readonly<Record<string, Value | readonly Value[]>>;

/** Converts parameters to the list form of the layers below. */
export function listOf(parameters: FormattedParameters): { name: string; value: string | true }[] {
  return Object.entries(parameters).flatMap(([name, values]) =>
    asList(values).map((value) => ({ name, value: value === true || String(value) })),
  );
}

/** Wraps a single value in a list. */
export function asList<T>(oneOrMore: T | readonly T[]): readonly T[] {
  return Array.isArray(oneOrMore) ? (oneOrMore as readonly T[]) : [oneOrMore as T];
}
