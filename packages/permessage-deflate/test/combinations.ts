// Everything that two endpoints can say to each other about permessage-deflate. The tests visit all of it, except some windows that
// lie between others.
import type { NegotiationParameter } from '@framewire/permessage-deflate';
import { list } from './header.ts';

/** One value for each parameter, in the order of {@link NAMES}. */
export type Values = readonly [Said, Said, Said, Said];

type Said = number | boolean | undefined;

export const NAMES = [
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'client_max_window_bits',
] as const;

type Choice = readonly Said[];

function combine(a: Choice, b: Choice, c: Choice, d: Choice): Values[] {
  return a.flatMap((w) => b.flatMap((x) => c.flatMap((y) => d.map((z): Values => [w, x, y, z]))));
}

const ALL_BITS = [8, 9, 10, 11, 12, 13, 14, 15];
const SOME_BITS = [8, 9, 12, 15];

function optionsOver(takeovers: Choice, bits: readonly number[]): Values[] {
  const windows = [undefined, true, false, ...bits];
  return combine(takeovers, takeovers, windows, windows);
}

function saidOver(takeovers: Choice, bits: readonly number[]): Values[] {
  return combine(takeovers, takeovers, [undefined, ...bits], [undefined, true, ...bits]);
}

/** Every combination of options, for some windows. */
export const OPTIONS = optionsOver([undefined, true, false], SOME_BITS);

/** Every offer and every response, for some windows. In a response, the last parameter must have a value. */
export const SAID = saidOver([undefined, true], SOME_BITS);

/**
 * Options with the parameters that they may meet: every combination for some windows, and all windows without takeover parameters.
 */
export const SPACES: readonly { options: readonly Values[]; said: readonly Values[] }[] = [
  { options: OPTIONS, said: SAID },
  { options: optionsOver([undefined], ALL_BITS), said: saidOver([undefined], ALL_BITS) },
];

/** The options for the values, without `undefined` ones. */
export function optionsFrom([server, client, serverBits, clientBits]: Values): {
  serverNoContextTakeover?: boolean;
  clientNoContextTakeover?: boolean;
  serverMaxWindowBits?: number | boolean;
  clientMaxWindowBits?: number | boolean;
} {
  return {
    ...(server !== undefined && { serverNoContextTakeover: server === true }),
    ...(client !== undefined && { clientNoContextTakeover: client === true }),
    ...(serverBits !== undefined && { serverMaxWindowBits: serverBits }),
    ...(clientBits !== undefined && { clientMaxWindowBits: clientBits }),
  };
}

/** The parameters for the values. */
export function paramsFrom(values: Values): NegotiationParameter[] {
  return list(
    NAMES.map((name, i) => {
      const value = values[i];
      return value === true ? name : value === undefined ? '' : `${name}=${value}`;
    })
      .filter((part) => part !== '')
      .join('; '),
  );
}

/** The values of parameters. The inverse of {@link paramsFrom}. */
export function valuesOf(params: readonly NegotiationParameter[]): Said[] {
  return NAMES.map((name) => {
    const value = params.find((param) => param.name === name)?.value;
    return typeof value === 'string' ? Number(value) : value;
  });
}
