// Starts the servers under attack of a test file, and checks what must hold after every attack.
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Victim } from '../src/victim.ts';

/**
 * Starts the servers for the tests of a file. After each test, the same process must still serve clients, and the attackers' connections
 * must have ended.
 */
export function underAttack(): { readonly victim: Victim } {
  let victim: Victim | undefined;
  beforeAll(async () => {
    victim = await Victim.start();
    await victim.serves();
  });
  beforeEach(() => victim?.measure());
  afterEach(async () => {
    await victim?.serves();
    await victim?.endAttackers();
  });
  afterAll(() => victim?.stop());
  return {
    get victim() {
      if (victim === undefined) throw new Error('There is no server before the first test');
      return victim;
    },
  };
}
