// Code that the tests of several packages share. It is not published, and the sources of packages do not import it.
export { launchChromium, launchFirefox, type BrowserOptions } from './browsers.ts';
export { testCertificate, type TestCertificate } from './certificate.ts';
export {
  Child,
  must,
  NODE_OPTIONS,
  run,
  WITHOUT_TEST_RUNNER,
  type ChildOptions,
  type Finished,
} from './child.ts';
export {
  startNats,
  startNatsCluster,
  startRedis,
  startSentinel,
  type Engine,
  type NatsCluster,
} from './engines.ts';
export { collectGarbage } from './garbage.ts';
export { startListener } from './listener.ts';
export { answer, Program } from './program.ts';
export { readBytes } from './read-bytes.ts';
export { executable, requirement, type PartName, type Requirement } from './requirements.ts';
export { bunBinary, denoBinary } from './runtimes.ts';
export { socketPath } from './socket-path.ts';
