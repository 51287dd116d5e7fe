// Waiting for what no event reports. Both ends of a story share one event loop, so turns of it depend on no clock and no load.

/** More turns than a segment of a story takes to be read, reported and answered, over TLS too. */
const MANY = 50;

/** Waits for so many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Does something once the ends have read, reported and answered everything that was sent. */
export function later(action: () => void): void {
  void turns(MANY).then(action);
}
