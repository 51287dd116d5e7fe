// Visits every reachable state of a system that a test drives with actions.

/** A system with a finite number of states. */
export interface Explored<System, Action> {
  /** Creates a new system for each history, because a system cannot be copied, and applies the actions of the history to it. */
  replay(histories: readonly (readonly Action[])[]): readonly System[] | Promise<readonly System[]>;
  /** Throws if the system breaks a rule. Called at the start, and after each action in each state. */
  check(system: System, history: readonly Action[]): void;
  /** Identifies the state by everything that its future depends on. */
  keyOf(system: System): string;
  /** What can happen next. Called once for each state. */
  actionsIn(system: System): readonly Action[];
}

/** How many histories are replayed together. */
const AT_ONCE = 50;

/** Visits every state, beginning with those that the fewest actions reach. Returns the number of states. */
export async function explore<System, Action>(explored: Explored<System, Action>): Promise<number> {
  const seen = new Set<string>();
  let histories: (readonly Action[])[] = [[]];
  while (histories.length > 0) {
    const longer: (readonly Action[])[] = [];
    for (let start = 0; start < histories.length; start += AT_ONCE) {
      const some = histories.slice(start, start + AT_ONCE);
      for (const [index, system] of (await explored.replay(some)).entries()) {
        const history = some[index] ?? [];
        explored.check(system, history);
        const key = explored.keyOf(system);
        if (seen.has(key)) continue;
        seen.add(key);
        for (const action of explored.actionsIn(system)) longer.push([...history, action]);
      }
    }
    histories = longer;
  }
  return seen.size;
}
