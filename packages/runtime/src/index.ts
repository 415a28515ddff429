// The outside world as small interfaces. `@moldau/runtime/node/...` is the real one, `@moldau/runtime/simulated/...` the one for tests.
export type { Clock, Timer } from './clock.ts';
export type { Random } from './random.ts';
export { DiskError } from './disk.ts';
export type { Disk, DiskEntry, DiskErrorCode, DiskFile, DiskLock, OpenOptions } from './disk.ts';
export type { Address, Connection, ConnectionHandler, Listener, Network } from './network.ts';
