// Parameters as they stand in the header, for tests.
import type { ExtensionParameter } from '@framewire/permessage-deflate';

/** The parameters in a text like `a; b=1`. */
export function list(text: string): ExtensionParameter[] {
  return text
    .split(/; ?/)
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', value] = part.split('=');
      return { name, value: value ?? true };
    });
}

/** The text of parameters. */
export function text(params: readonly ExtensionParameter[]): string {
  return params.map(({ name, value }) => (value === true ? name : `${name}=${value}`)).join('; ');
}
