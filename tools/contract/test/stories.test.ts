// Stories. In every pairing, both sides emit the same as ws with itself.
import { describe, expect, test } from 'vitest';
import { endingStories } from '../src/ending-stories.ts';
import { handshakeStories } from '../src/handshake-stories.ts';
import { openStories } from '../src/open-stories.ts';
import { control, pairings } from '../src/pairings.ts';
import { redirectStories } from '../src/redirect-stories.ts';
import { play, type Log, type Story } from '../src/stage.ts';
import { memory, tcp, transports, type Transport } from '../src/transports.ts';
import { wireStories } from '../src/wire-stories.ts';

const stories = [...handshakeStories, ...redirectStories, ...openStories, ...endingStories, ...wireStories];

/** The log of ws with itself, recorded once for all pairings. The control compares a second run with it. */
function reference(story: Story, transport: Transport): () => Promise<Log> {
  let log: Promise<Log> | undefined;
  return () => (log ??= play(story, control, transport));
}

for (const transport of transports) {
  describe(`over ${transport.name}`, () => {
    for (const story of stories) {
      if (story.tcpOnly && transport !== tcp) continue;
      if (story.socketsOnly && transport === memory) continue;
      const expected = reference(story, transport);
      for (const pairing of pairings) {
        test(`${pairing.name}: ${story.name}`, async () => {
          expect(await play(story, pairing, transport)).toEqual(await expected());
        });
      }
    }
  });
}
