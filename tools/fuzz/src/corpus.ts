// The inputs that are kept: a text file for each target, with one input a line, in hex, followed by a remark.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex } from './input.ts';

/** The folder of the committed inputs. */
export const CORPUS = join(import.meta.dirname, '..', 'corpus');

/** A kept input. */
export interface Entry {
  readonly input: Uint8Array;
  /** Why it is kept. */
  readonly remark: string;
}

/**
 * The inputs of a target. Empty if it has no file.
 *
 * @throws {SyntaxError} for a line that is not hex
 */
export function readCorpus(folder: string, target: string): Entry[] {
  const file = fileOf(folder, target);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, digits, remark = ''] = /^((?:[0-9a-f]{2})*)(?: *# ?(.*))?$/.exec(line) ?? [];
      if (digits === undefined)
        throw new SyntaxError(`${file} has a line that is not hex: ${line.slice(0, 80)}`);
      return { input: Buffer.from(digits, 'hex'), remark };
    });
}

/** Adds an input to the file of a target. */
export function addToCorpus(folder: string, target: string, { input, remark }: Entry): void {
  appendFileSync(fileOf(folder, target), `${hex(input)} # ${remark.replaceAll(/\s+/g, ' ')}\n`);
}

export function fileOf(folder: string, target: string): string {
  return join(folder, `${target}.txt`);
}
