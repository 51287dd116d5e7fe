// What a browser knows about its network. Other platforms know nothing and emit nothing.

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

/** Calls a function when the network appears or disappears. Returns a function that removes the listeners. */
export function watchNetwork(changed: () => void): () => void {
  for (const type of ['online', 'offline']) surroundings.addEventListener?.(type, changed);
  return () => {
    for (const type of ['online', 'offline']) surroundings.removeEventListener?.(type, changed);
  };
}
