// Runs pieces of work one after the other, in the order they were handed in; a failed one does not hold up the next.
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Waits for its turn; the next one comes when what it resolves to is called. */
  turn(): Promise<() => void> {
    return new Promise((resolve) => {
      void this.run(
        () =>
          new Promise<void>((end) => {
            resolve(end);
          }),
      );
    });
  }
}
