/** What the tests of several packages share. Never published, never imported by a package's sources. */

export { launchChromium, launchFirefox, type BrowserOptions } from './browsers.ts';
export { testCertificate, type TestCertificate } from './certificate.ts';
export { startNats, startRedis, type Engine } from './engines.ts';
export { collectGarbage } from './garbage.ts';
export { readBytes } from './read-bytes.ts';
export { executable, requirement, type PartName, type Requirement } from './requirements.ts';
export { bunBinary, denoBinary } from './runtimes.ts';
export { socketPath } from './socket-path.ts';
