// What a browser knows of its network. Elsewhere nothing is known, and nothing happens.

interface Surroundings {
  readonly navigator?: { readonly onLine?: boolean };
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

const surroundings = globalThis as unknown as Surroundings;

/** Whether there is certainly no network. */
export function isOffline(): boolean {
  return surroundings.navigator?.onLine === false;
}

/** Calls a function when the network comes or goes, until the function that this returns is called. */
export function watchNetwork(changed: () => void): () => void {
  for (const type of ['online', 'offline']) surroundings.addEventListener?.(type, changed);
  return () => {
    for (const type of ['online', 'offline']) surroundings.removeEventListener?.(type, changed);
  };
}
