// The built codec, installed alone, with the script for which each engine must have the same results.
import { installAlone, type Alone } from '@framewire/testing/alone';

/** Installs the codec in a folder of its own, alone or with `bufferutil`. */
export function install(...peers: string[]): Alone {
  return installAlone(['codec'], new URL('script.mjs', import.meta.url), peers);
}

/** The line that an engine without Node's Buffer prints. */
export function portable(line: string): string {
  return line.replace('Buffer', 'Uint8Array');
}
