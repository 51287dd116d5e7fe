// A headless Chromium, where one is installed.
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Why there is no browser to test with; '' where there is one. */
export const noChromium = existsSync(EXECUTABLE) ? '' : `${EXECUTABLE} is missing`;

/** Starts the browser; the caller closes it. */
export function launchChromium(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  args.push('--disable-background-networking', '--disable-component-update');
  return chromium.launch({ executablePath: EXECUTABLE, args });
}
