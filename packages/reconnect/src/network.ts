// What a browser knows about its network. On other platforms nothing is known, and nothing is emitted.

interface Surroundings {
  readonly navigator?: { readonly onLine?: boolean };
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

const surroundings = globalThis as unknown as Surroundings;

/** Whether there is definitely no network. */
export function isOffline(): boolean {
  return surroundings.navigator?.onLine === false;
}

/** Calls a function when the network appears or disappears. Returns a function that stops this. */
export function watchNetwork(changed: () => void): () => void {
  for (const type of ['online', 'offline']) surroundings.addEventListener?.(type, changed);
  return () => {
    for (const type of ['online', 'offline']) surroundings.removeEventListener?.(type, changed);
  };
}
