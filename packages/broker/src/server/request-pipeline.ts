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

const PRODUCE_KEY = 0;
const API_KEY_SIZE = 2;

/** One running request. */
interface Slot {
  readonly frame: Buffer;
  readonly produce: boolean;
  done: boolean;
  answer: readonly Uint8Array[] | undefined;
}

export interface PipelineEffects {
  /** Starts the request in `frame`; `answer` is to be called exactly once, with undefined when the client expects none. */
  start(frame: Buffer, answer: (chunks: readonly Uint8Array[] | undefined) => void): void;
  send(chunks: readonly Uint8Array[]): void;
  /** A request has left: its frame's bytes are free again. */
  finished(frameBytes: number): void;
}

export class RequestPipeline {
  readonly #effects: PipelineEffects;
  readonly #waiting: Buffer[] = [];
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

  receive(frame: Buffer): void {
    this.#waiting.push(frame);
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
    for (const frame of this.#waiting.splice(0)) this.#effects.finished(frame.length);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#closed && !this.#held && this.#mayStart()) this.#start(this.#waiting.shift() as Buffer);
    this.#pumping = false;
  }

  #mayStart(): boolean {
    const next = this.#waiting[0];
    if (next === undefined) return false;
    const last = this.#running.at(-1);
    return last === undefined || (isProduce(next) && last.produce);
  }

  #start(frame: Buffer): void {
    const slot: Slot = { frame, produce: isProduce(frame), done: false, answer: undefined };
    this.#running.push(slot);
    this.#effects.start(frame, (chunks) => this.#answered(slot, chunks));
  }

  #answered(slot: Slot, chunks: readonly Uint8Array[] | undefined): void {
    if (slot.done) return;
    slot.done = true;
    slot.answer = chunks;
    while (this.#running[0]?.done === true) {
      const first = this.#running.shift() as Slot;
      if (first.answer !== undefined && !this.#closed) this.#effects.send(first.answer);
      this.#effects.finished(first.frame.length);
    }
    this.#pump();
  }
}

function isProduce(frame: Buffer): boolean {
  return frame.length >= API_KEY_SIZE && frame.readInt16BE(0) === PRODUCE_KEY;
}
