// Waits where there is no event to wait for. Both sides of a story share an event loop, so how many turns they need does not depend
// on the speed of the machine.

/** More turns than both sides need to read, emit and answer a segment, even over TLS. */
const MANY = 50;

/** Waits for the given number of turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Acts after both sides have read, emitted and answered everything that was sent. */
export function later(action: () => void): void {
  void turns(MANY).then(action);
}
