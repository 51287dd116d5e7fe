// Both modules by one type: what programs that are written for `ws` take from it, which its published types leave out in part.
import { createRequire } from 'node:module';
import * as framewire from 'framewire';

/** One of the two modules. */
export type WsModule = typeof framewire;

// Its types declare a part of what it exports; that the rest has the shape of ours is what the tests are about.
const ws = createRequire(import.meta.url)('ws') as WsModule;

/** Ours, and the one that it has to be like, for `describe.each`. */
export const modules: readonly (readonly [name: string, module: WsModule])[] = [
  ['framewire', framewire],
  ['ws', ws],
];

/** What a call throws, in words; 'nothing' when it returns. */
export function thrownBy(call: () => unknown): string {
  try {
    call();
    return 'nothing';
  } catch (error) {
    return String(error);
  }
}
