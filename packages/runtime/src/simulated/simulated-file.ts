// A handle on a file of a simulated machine. Operations take effect when they complete, not when they are called: a
// buffer that is changed before its write has resolved is written changed, and of two overlapping writes at once the
// seed decides which comes last.

import assert from 'node:assert/strict';

import { DiskError, type DiskFile } from '../disk.ts';
import type { FileNode } from './simulated-directory-tree.ts';
import type { SimulatedMachine, WriteInFlight } from './simulated-machine.ts';
import type { DiskOperation } from './simulated-disk-faults.ts';

export class SimulatedFile implements DiskFile {
  readonly path: string;
  readonly #node: FileNode;
  readonly #machine: SimulatedMachine;
  readonly #boot: number;
  readonly #writable: boolean;
  #inFlight = 0;
  #idle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(path: string, node: FileNode, machine: SimulatedMachine, writable: boolean) {
    this.path = path;
    this.#node = node;
    this.#machine = machine;
    this.#boot = machine.boot;
    this.#writable = writable;
    node.references += 1;
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#use('read', 'read', () => {
      this.#machine.checkFault('read', this.path, 'read');
      return this.#node.content.read(target, position);
    });
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return this.#write('write', buffers, position, () => {});
  }

  writeDurably(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return this.#write('sync', buffers, position, (written) => {
      this.#checkSync(this.#node.content.sequence);
      if (written > 0) {
        this.#node.content.syncLatestWrite();
      }
    });
  }

  sync(): Promise<void> {
    const covered = this.#node.content.sequence;
    return this.#use('sync', 'sync', () => {
      this.#checkSync(covered);
      this.#node.content.sync(covered);
    });
  }

  truncate(size: number): Promise<void> {
    return this.#use('resize', 'truncate', () => {
      this.#checkWritable('truncate');
      this.#machine.checkFault('resize', this.path, 'truncate');
      this.#resize(size, 'truncate');
    });
  }

  /** Like NodeDisk's: durable when it resolves, and the old size again when there is no room. */
  allocate(size: number): Promise<void> {
    return this.#use('resize', 'allocate', () => {
      this.#checkWritable('allocate');
      this.#machine.checkFault('resize', this.path, 'allocate');
      const content = this.#node.content;
      const oldSize = content.size;
      if (size <= oldSize) {
        return;
      }
      this.#resize(size, 'allocate');
      try {
        this.#checkSync(content.sequence);
      } catch (error) {
        content.resize(oldSize);
        throw error;
      }
      content.sync(content.sequence);
    });
  }

  size(): Promise<number> {
    return this.#use('metadata', 'tell the size of', () => {
      this.#machine.checkFault('metadata', this.path, 'tell the size of');
      return this.#node.content.size;
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    await this.#machine.perform('metadata', this.#boot, () => {
      this.#node.references -= 1;
    });
  }

  #write(
    operation: 'write' | 'sync',
    buffers: readonly Uint8Array[],
    position: number,
    afterwards: (written: number) => void,
  ): Promise<void> {
    assert(Number.isSafeInteger(position) && position >= 0, `position ${position} in ${this.path}`);
    const bytes = (): Uint8Array => Buffer.concat(buffers);
    const write: WriteInFlight = {
      bytes,
      apply: (part) => this.#node.content.write(part, position),
    };
    if (this.#writable && this.#closed === undefined && this.#machine.boot === this.#boot) {
      this.#machine.writesInFlight.add(write);
    }
    return this.#use(operation, 'write', () => {
      this.#machine.writesInFlight.delete(write);
      this.#checkWritable('write');
      const whole = bytes();
      this.#writeWhatFits(whole, position);
      afterwards(whole.length);
    });
  }

  /** Writes all, or, when a fault is due or the space ends, a part, and throws. */
  #writeWhatFits(bytes: Uint8Array, position: number): void {
    const machine = this.#machine;
    const content = this.#node.content;
    const code = machine.faults.next('write', this.path, machine.random);
    if (code !== undefined) {
      content.write(bytes.subarray(0, machine.random.integer(bytes.length + 1)), position);
      throw machine.fault(code, this.path, 'write');
    }
    const room = this.#room(position + bytes.length);
    if (room < position + bytes.length) {
      const fitting = Math.max(0, room - position);
      content.write(bytes.subarray(0, machine.random.integer(fitting + 1)), position);
      throw machine.fault('NO_SPACE', this.path, 'write');
    }
    content.write(bytes, position);
  }

  #resize(size: number, action: string): void {
    if (this.#room(size) < size) {
      throw this.#machine.fault('NO_SPACE', this.path, action);
    }
    this.#node.content.resize(size);
  }

  /** The size, up to `wanted`, that the file can have with the space there is. */
  #room(wanted: number): number {
    const size = this.#node.content.size;
    return wanted <= size ? wanted : Math.min(wanted, size + this.#machine.free);
  }

  #checkSync(covered: number): void {
    const { faults, random } = this.#machine;
    const code = faults.next('sync', this.path, random);
    if (code !== undefined) {
      this.#node.content.failSync(covered, random, random.integer(2) === 0);
      throw this.#machine.fault(code, this.path, 'sync');
    }
  }

  #checkWritable(action: string): void {
    if (!this.#writable) {
      throw new DiskError('OTHER', this.path, `Cannot ${action} ${this.path}: it was opened for reading`);
    }
  }

  async #use<T>(operation: DiskOperation, action: string, complete: () => T): Promise<T> {
    if (this.#closed !== undefined) {
      throw new DiskError('OTHER', this.path, `Cannot ${action} ${this.path}: the file has been closed`);
    }
    this.#inFlight += 1;
    try {
      return await this.#machine.perform(operation, this.#boot, complete);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) {
        this.#idle?.();
      }
    }
  }
}
