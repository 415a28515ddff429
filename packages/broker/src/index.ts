// The broker as a library: `startBrokers` is all a program needs.
export { startBrokers, type RunningBrokers, type StartOptions } from './start-brokers.ts';
export type { Broker } from './broker.ts';
