/** The two browsers in which the page is tested, with the calls that both drivers have in common. */

import { launchChromium, launchFirefox, requirement } from '@framewire/testing';

/** The methods of a page that tests call. The pages of both drivers have them. */
export interface Page {
  goto(url: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  type(selector: string, text: string): Promise<void>;
  keyboard: { press(key: 'Enter' | 'Tab'): Promise<void> };
  /** Evaluates an expression. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Kind {
  name: string;
  /** Whether its tests are skipped, because this machine does not have it. */
  missing: boolean;
  launch(): Promise<Browser>;
}

export const BROWSERS: Kind[] = [
  { name: 'Chromium', missing: requirement('chromium').missing, launch: () => launchChromium() },
  { name: 'Firefox', missing: requirement('firefox').missing, launch: () => launchFirefox() },
];
