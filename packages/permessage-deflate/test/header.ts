// Parameters in the form of the header, for tests.
import type { NegotiationParameter } from '@framewire/permessage-deflate';

/** The parameters in a text like `a; b=1`. */
export function list(text: string): NegotiationParameter[] {
  return text
    .split(/; ?/)
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', value] = part.split('=');
      return { name, value: value ?? true };
    });
}

/** Formats parameters as text. */
export function text(params: readonly NegotiationParameter[]): string {
  return params.map(({ name, value }) => (value === true ? name : `${name}=${value}`)).join('; ');
}
