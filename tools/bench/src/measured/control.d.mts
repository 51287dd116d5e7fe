// The types of control.mjs, for the load generator, which talks to the driver in the same way.

/** What the driver asked for: the last argument, as JSON. */
export const task: Readonly<Record<string, unknown>>;

/** What a process can be asked to do. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

/** Tells the driver that all is set, and listens for its commands. */
export function serveDriver(ready: unknown, more?: Commands): void;
