// The types of control.mjs, for the load generators, which use the same protocol.

/** The task from the driver: the last argument, as JSON. */
export const task: Readonly<Record<string, unknown>>;

/** The commands that a process accepts. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

/** Reports to the driver that the process is ready, and listens for its commands. */
export function serveDriver(ready: unknown, more?: Commands): void;
