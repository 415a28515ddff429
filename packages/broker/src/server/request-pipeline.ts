// The order of one connection's requests and answers. Kafka promises a client that answers come in the order of its requests and
// that a request sees the effects of those before it.
//
//   waiting:  [ produce 4 ][ metadata 5 ]          a request starts when all before it are answered ...
//   running:  [ produce 2 ][ produce 3 ]           ... but produce requests overlap: appended in order, committed together
//   answers:  leave strictly from the front
//
// Logic only: frames come in by `receive`, answers go out by `send`.
//
// Must stay true: every frame is answered, or counted as unanswered (acks=0), exactly once; bytes are given back exactly once.

import { ApiKey } from '@moldau/protocol';
import type { BatchMemory } from '../log/batch-memory.ts';

const API_KEY_SIZE = 2;

/** A request and the memory it lies in, which is let go of when the request is done with. */
export interface Received {
  readonly frame: Buffer;
  readonly memory: BatchMemory | undefined;
}

/** What leaves: the bytes, and what to do when they have left. */
export interface Answered {
  readonly chunks: readonly Uint8Array[];
  readonly sent: (() => void) | undefined;
}

/** One running request. */
interface Slot {
  readonly received: Received;
  readonly produce: boolean;
  done: boolean;
  answer: Answered | undefined;
}

export interface PipelineEffects {
  /** Starts the request; `answer` is to be called exactly once, with undefined when the client expects none. */
  start(received: Received, answer: (answered: Answered | undefined) => void): void;
  send(answered: Answered): void;
  /** A request has left: its frame's bytes are free again. */
  finished(frameBytes: number): void;
}

export class RequestPipeline {
  readonly #effects: PipelineEffects;
  readonly #waiting: Received[] = [];
  readonly #running: Slot[] = [];
  #held = false;
  #closed = false;
  #pumping = false;

  constructor(effects: PipelineEffects) {
    this.#effects = effects;
  }

  /** Requests received and not answered. */
  get depth(): number {
    return this.#waiting.length + this.#running.length;
  }

  receive(received: Received): void {
    this.#waiting.push(received);
    this.#pump();
  }

  /** While held (the peer does not read its answers), nothing new starts. */
  hold(held: boolean): void {
    this.#held = held;
    if (!held) this.#pump();
  }

  /** The connection is gone: waiting requests are dropped, answers of running ones too. */
  close(): void {
    this.#closed = true;
    for (const received of this.#waiting.splice(0)) this.#finish(received);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#closed && !this.#held && this.#mayStart()) this.#start(this.#waiting.shift() as Received);
    this.#pumping = false;
  }

  #mayStart(): boolean {
    const next = this.#waiting[0];
    if (next === undefined) return false;
    const last = this.#running.at(-1);
    return last === undefined || (isProduce(next.frame) && last.produce);
  }

  #start(received: Received): void {
    const slot: Slot = { received, produce: isProduce(received.frame), done: false, answer: undefined };
    this.#running.push(slot);
    this.#effects.start(received, (answered) => this.#answered(slot, answered));
  }

  #answered(slot: Slot, answered: Answered | undefined): void {
    if (slot.done) return;
    slot.done = true;
    slot.answer = answered;
    while (this.#running[0]?.done === true) {
      const first = this.#running.shift() as Slot;
      if (first.answer !== undefined && !this.#closed) this.#effects.send(first.answer);
      else first.answer?.sent?.();
      this.#finish(first.received);
    }
    this.#pump();
  }

  #finish(received: Received): void {
    received.memory?.release();
    this.#effects.finished(received.frame.length);
  }
}

/** Whether the frame is a produce request. */
export function isProduce(frame: Buffer): boolean {
  return frame.length >= API_KEY_SIZE && frame.readInt16BE(0) === ApiKey.Produce;
}
