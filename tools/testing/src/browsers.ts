/** The real browsers that tests drive. Each starts headless, with its own profile, and connects only to the test. */

import { chromium, type Browser as Chromium } from 'playwright-core';
import puppeteer, { type Browser as Firefox } from 'puppeteer-core';
import { executable } from './requirements.ts';

/** How a browser starts. */
export interface BrowserOptions {
  /** Whether the browser accepts any certificate, such as that of `testCertificate()`. Default: false. */
  trustAnyCertificate?: boolean;
}

const CHROMIUM_ARGUMENTS = [
  // CI containers do not allow the namespaces that the sandbox needs, and have no GPU.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Turns off what Firefox fetches in the background. Puppeteer already turns off updates and telemetry. */
const FIREFOX_PREFERENCES = {
  'app.normandy.enabled': false,
  'browser.region.network.url': '',
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  // No server answers there, so no settings are fetched.
  'services.settings.server': 'data:,#',
};

/** How long a browser may take to start, in ms: its first start on a new machine reads hundreds of megabytes. */
const LAUNCH_MS = 45_000;

/**
 * Starts a headless Chromium, driven by Playwright. The caller closes it.
 *
 * @throws {Error} If no Chromium is installed. Check `requirement('chromium')` first.
 */
export async function launchChromium({
  trustAnyCertificate = false,
}: BrowserOptions = {}): Promise<Chromium> {
  const executablePath = executable('chromium');
  const args = trustAnyCertificate
    ? [...CHROMIUM_ARGUMENTS, '--ignore-certificate-errors']
    : CHROMIUM_ARGUMENTS;
  return chromium.launch({ executablePath, headless: true, args, timeout: LAUNCH_MS });
}

/**
 * Starts a headless Firefox, driven by Puppeteer over WebDriver BiDi. The caller closes it.
 *
 * @throws {Error} If no Firefox is installed. Check `requirement('firefox')` first.
 */
export async function launchFirefox({ trustAnyCertificate = false }: BrowserOptions = {}): Promise<Firefox> {
  return puppeteer.launch({
    browser: 'firefox',
    timeout: LAUNCH_MS,
    executablePath: executable('firefox'),
    headless: true,
    acceptInsecureCerts: trustAnyCertificate,
    extraPrefsFirefox: FIREFOX_PREFERENCES,
  });
}
