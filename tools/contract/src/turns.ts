// Waiting for something without an event. Both sides of a story share an event loop, so its turns do not depend on time or load.

/** More turns than a segment needs to be read, emitted and answered, even over TLS. */
const MANY = 50;

/** Waits for the given number of turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Acts after both sides have read, emitted and answered everything that was sent. */
export function later(action: () => void): void {
  void turns(MANY).then(action);
}
