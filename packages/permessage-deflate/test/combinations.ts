// Everything that two endpoints can say to each other about permessage-deflate. The space is small: it is walked
// whole, but for windows that lie between others.
import type { ExtensionParameter } from '@framewire/permessage-deflate';
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

/** Every combination of options, with some windows left out. */
export const OPTIONS = optionsOver([undefined, true, false], SOME_BITS);

/** Every offer and every response, with some windows left out; no response may have the last one without a value. */
export const SAID = saidOver([undefined, true], SOME_BITS);

/**
 * Options and what may meet them: all of everything with some windows, and all windows with nothing said about the
 * takeovers.
 */
export const SPACES: readonly { options: readonly Values[]; said: readonly Values[] }[] = [
  { options: OPTIONS, said: SAID },
  { options: optionsOver([undefined], ALL_BITS), said: saidOver([undefined], ALL_BITS) },
];

/** The options that the values stand for; `undefined` ones are left out. */
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

/** The parameters that the values stand for. */
export function paramsFrom(values: Values): ExtensionParameter[] {
  return list(
    NAMES.map((name, i) => {
      const value = values[i];
      return value === true ? name : value === undefined ? '' : `${name}=${value}`;
    })
      .filter((part) => part !== '')
      .join('; '),
  );
}

/** The values of parameters; the inverse of {@link paramsFrom}. */
export function valuesOf(params: readonly ExtensionParameter[]): Said[] {
  return NAMES.map((name) => {
    const value = params.find((param) => param.name === name)?.value;
    return typeof value === 'string' ? Number(value) : value;
  });
}
