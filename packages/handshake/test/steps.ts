// Counts how often characters are read. This measures cost independently of the load of the machine.
import { vi } from 'vitest';

/** How many single characters `work` reads from strings. */
export function characterReads(work: () => void): number {
  const codes = vi.spyOn(String.prototype, 'charCodeAt');
  const characters = vi.spyOn(String.prototype, 'charAt');
  try {
    work();
    return codes.mock.calls.length + characters.mock.calls.length;
  } finally {
    codes.mockRestore();
    characters.mockRestore();
  }
}
