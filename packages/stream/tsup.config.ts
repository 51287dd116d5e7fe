import { library } from '../../tools/build/tsup.ts';

export default library(['src/index.ts', 'src/browser.ts'], {
  // No program loads both: each has its own copy of what they share.
  splitting: false,
});
