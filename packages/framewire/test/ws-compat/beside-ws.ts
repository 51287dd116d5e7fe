// framewire and `ws` under one type: everything that programs use from `ws`, including exports that its published types omit.
import { createRequire } from 'node:module';
import * as framewire from 'framewire';

/** One of the two modules. */
export type WsModule = typeof framewire;

// The types of `ws` declare only some of its exports. The tests show that the rest matches ours.
const ws = createRequire(import.meta.url)('ws') as WsModule;

/** Both modules, for `describe.each`. */
export const modules: readonly (readonly [name: string, module: WsModule])[] = [
  ['framewire', framewire],
  ['ws', ws],
];

/** What a call throws, as text; 'nothing' if it returns. */
export function thrownBy(call: () => unknown): string {
  try {
    call();
    return 'nothing';
  } catch (error) {
    return String(error);
  }
}
