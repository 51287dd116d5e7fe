/** Opens pages of the built site in real browsers, with the calls that both drivers have in common. */

import { launchChromium, launchFirefox, requirement } from '@framewire/testing';

/** The methods of a page that tests call. The pages of both drivers have them. */
export interface Page {
  goto(url: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  type(selector: string, text: string): Promise<void>;
  /** Evaluates an expression; a promise is awaited. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface Browser {
  /** Opens an empty page with a width in CSS pixels. */
  open(width: number): Promise<Page>;
  close(): Promise<void>;
}

export interface Kind {
  name: string;
  /** Whether its tests are skipped because this machine does not have it. */
  missing: boolean;
  launch(): Promise<Browser>;
}

const HEIGHT = 900;

export const BROWSERS: readonly Kind[] = [
  {
    name: 'Chromium',
    missing: requirement('chromium').missing,
    async launch() {
      const browser = await launchChromium();
      return {
        open: (width) => browser.newPage({ viewport: { width, height: HEIGHT } }),
        close: () => browser.close(),
      };
    },
  },
  {
    name: 'Firefox',
    missing: requirement('firefox').missing,
    async launch() {
      const browser = await launchFirefox();
      return {
        async open(width) {
          const page = await browser.newPage();
          await page.setViewport({ width, height: HEIGHT });
          return page;
        },
        close: () => browser.close(),
      };
    },
  },
];

/** Resolves once the expression is true in the page. */
export async function until(page: Page, expression: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => ((${expression}) ? resolve() : setTimeout(look, 20));
    look();
  })`);
}
